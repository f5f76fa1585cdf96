import Access
import ArgumentParser
import Server

/// `beamline serve`: a server node on a database that others may share.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a server node; any number of them share one PostgreSQL.",
        discussion: "Stops on SIGTERM or Ctrl-C: it takes no new work, finishes what is under way, and leaves.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var logging: LoggingOptions
    @OptionGroup var secrets: SecretOptions
    @OptionGroup var deadLetters: DeadLetterRetentionOptions
    @OptionGroup var audit: AuditKeyOptions

    @Option(help: "Months of the audit log that are kept behind the present one; all when left out.")
    var auditMonths: Int?

    @Option(help: "Address and port to listen on; may be repeated. [BEAMLINE_LISTEN]")
    var listen: [String] = []

    @Option(help: "Address and port for workers alone; may be repeated. [BEAMLINE_WORKER_LISTEN]")
    var workerListen: [String] = []

    @Option(
        help: "Address and port for management, besides the public API; may be repeated. [BEAMLINE_MANAGEMENT_LISTEN]")
    var managementListen: [String] = []

    @Option(help: "Address and port for metrics alone; may be repeated. [BEAMLINE_METRICS_LISTEN]")
    var metricsListen: [String] = []

    @Option(
        help:
            "PEM file of authorities whose certificates workers may show; on the workers' addresses, if there are any.",
        completion: .file())
    var clientAuthorities: String?

    @Option(
        help:
            "PEM file with each authority's list of revoked certificates (CRL); one that is outdated refuses everybody.",
        completion: .file())
    var clientRevocations: String?

    @Flag(help: "Refuse connections to the workers' addresses without such a certificate.")
    var requireClientCertificates = false

    @Option(help: "PEM file with the certificate chain: serves https.", completion: .file())
    var tlsCertificate: String?

    @Option(help: "PEM file with the certificate's key.", completion: .file())
    var tlsKey: String?

    @Option(help: "Folder of the dashboard's files. [BEAMLINE_WEB]", completion: .directory)
    var web: String?

    @Option(
        help: "File of OpenID providers: whose tokens are taken, where people sign in. [BEAMLINE_IDENTITY]",
        completion: .file())
    var identity: String?

    @Option(
        help:
            "What the node lets each principal do: read=1000/10s,write=none,start=500/1s,failures=60/60s. [BEAMLINE_RATE_LIMITS]"
    )
    var rateLimits: String?

    @Option(help: "Transactions in flight for starts and outcomes, 1 to 64; half of the cores. [BEAMLINE_LANES]")
    var lanes: Int?

    @Option(help: "This node's name, for logs and lists; the host's when left out.")
    var name: String?

    @Flag(help: "Bring the schema up before serving.")
    var migrate = false

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard clientAuthorities == nil || tlsCertificate != nil else {
            throw ValidationError("--client-authorities needs --tls-certificate and --tls-key.")
        }
        guard clientRevocations == nil || clientAuthorities != nil else {
            throw ValidationError("--client-revocations needs --client-authorities.")
        }
        guard auditMonths.map({ (1...1200).contains($0) }) ?? true else {
            throw ValidationError("--audit-months must be from 1 to 1200.")
        }
    }

    func run() async throws {
        logging.bootstrap()
        var options = ServerOptions(database: try database.require(), keysFolder: keys.folder)
        options.timeZones = ZoneFiles.zones
        let addresses = listen.isEmpty ? [ClientContext.environment("BEAMLINE_LISTEN") ?? "127.0.0.1:8080"] : listen
        options.addresses = try addresses.map { try ListenAddress.parse($0) }
        for (listener, given, variable) in [
            (.workers, workerListen, "BEAMLINE_WORKER_LISTEN"),
            (.management, managementListen, "BEAMLINE_MANAGEMENT_LISTEN"),
            (.metrics, metricsListen, "BEAMLINE_METRICS_LISTEN"),
        ] as [(Listener, [String], String)] {
            let texts = given.isEmpty ? [ClientContext.environment(variable)].compactMap(\.self) : given
            if !texts.isEmpty { options.listeners[listener] = try texts.map { try ListenAddress.parse($0) } }
        }
        // Browsers and probes have none, so workers need a listener of their own.
        guard !requireClientCertificates || clientAuthorities != nil && options.listeners[.workers] != nil else {
            throw ValidationError(
                "--require-client-certificates needs --client-authorities, and --worker-listen (BEAMLINE_WORKER_LISTEN)."
            )
        }
        options.clientCertificates = clientAuthorities.map {
            ClientCertificates(
                authorities: $0, areRequired: requireClientCertificates, revocations: clientRevocations)
        }
        options.webFolder = try Installation.web(web)
        if let lanes = lanes ?? ClientContext.environment("BEAMLINE_LANES").map({ Int($0) ?? 0 }) {
            guard (1...64).contains(lanes) else {
                throw ValidationError("--lanes (BEAMLINE_LANES) must be from 1 to 64.")
            }
            options.lanes = lanes
        }
        options.nodeName = name ?? HostName.text
        options.secrets = try secrets.sources()
        options.identityFile = identity ?? ClientContext.environment("BEAMLINE_IDENTITY")
        options.deadLetters = try deadLetters.options()
        options.audit = audit.source()
        options.audit.keptMonths = auditMonths
        if let text = rateLimits ?? ClientContext.environment("BEAMLINE_RATE_LIMITS") {
            do {
                options.rates = try RatePolicies(text)
            } catch {
                throw CommandFailure(.invalid, "error: \(error)")
            }
        }
        if let tlsCertificate, let tlsKey { options.tls = (tlsCertificate, tlsKey) }
        if migrate { _ = try await SchemaStep.up(options.database) }
        try await ServeSession.run(options)
    }
}
