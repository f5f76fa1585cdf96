public import HTTPClient
public import Logging
public import TLS
public import Telemetry

extension Worker {
    /// A worker of the standard task types (`shell`, `python`, `http`, `noop`) for the servers of its configuration.
    ///
    /// - Parameter environment: the process's own; programs get the usual names of it and those that the configuration
    ///   names.
    public static func remote(
        _ configuration: WorkerConfiguration, environment: [String: String], trustRoots: TLSMaterial? = nil,
        client: HTTPClient = HTTPClient(), metrics: MetricsRegistry, logger: Logger
    ) throws -> Worker {
        let source = try GRPCTaskSource(
            urls: configuration.urls, token: configuration.token,
            trustRoots: trustRoots ?? configuration.certificateAuthorities.map { .file($0) },
            identity: configuration.identity.map { (.file($0.certificate), .file($0.key)) }, logger: logger)
        let host = ProgramHost(configuration, environment: environment)
        let executors: [any TaskExecutor] = [
            ShellExecutor(host: host), PythonExecutor(host: host), HTTPExecutor(client: client), NoopExecutor(),
        ]
        return Worker(configuration, source: source, executors: executors, metrics: metrics, logger: logger)
    }
}

extension ProgramHost {
    /// As a worker's configuration says.
    init(_ configuration: WorkerConfiguration, environment: [String: String]) {
        self.init(
            scratch: configuration.scratch, files: configuration.files, environment: environment,
            inherited: configuration.inheritedEnvironment)
    }
}
