import ArgumentParser
import Logging
import Telemetry
import WorkerRuntime

extension WorkerCommand {
    /// `beamline worker --name w1 --cpu 4 --io 8`
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a worker of the task types shell, python, http and noop.",
            discussion: """
                Servers come from --url, BEAMLINE_URL or .beamline/context.json; several are tried in turn. On SIGTERM \
                the worker takes no more tasks and finishes what it holds within the grace; a second SIGTERM ends it at \
                once.
                """)

        @Option(help: "A server; may be repeated.")
        var url: [String] = []

        @Option(help: "The worker's name; the host's when left out.")
        var name: String?

        @Option(help: "Slots of the pool cpu; as many as processors when left out.")
        var cpu: Int?

        @Option(help: "Slots of the pool io; 8 when left out.")
        var io: Int?

        @Option(help: "A label, name=value; may be repeated.")
        var label: [String] = []

        @Option(help: "Seconds that tasks may go on after a request to stop.")
        var grace: Int = 30

        @Option(
            help: "PEM file of the authorities of servers' certificates; the system's when left out.",
            completion: .file())
        var tlsAuthorities: String?

        @Option(
            help: "PEM file of the worker's own certificate, which names its tenant and itself.", completion: .file())
        var tlsCertificate: String?

        @Option(help: "PEM file of that certificate's key.", completion: .file())
        var tlsKey: String?

        @OptionGroup var logging: LoggingOptions

        func validate() throws {
            guard (tlsCertificate == nil) == (tlsKey == nil) else {
                throw ValidationError("--tls-certificate and --tls-key go together.")
            }
            for slots in [cpu, io].compactMap({ $0 }) where !(0...10_000).contains(slots) {
                throw ValidationError("Slots are 0 to 10000.")
            }
            guard (0...86_400).contains(grace) else { throw ValidationError("--grace is 0 to 86400 seconds.") }
        }

        func run() async throws {
            logging.bootstrap()
            // A named server and a certificate are all that it takes.
            let context: ClientContext? = try url.isEmpty || tlsCertificate == nil ? ClientContext.find() : nil
            let standard = WorkerSlots.standard
            var configuration = WorkerConfiguration(
                name: name ?? HostName.text, pools: ["cpu": cpu ?? standard.cpu, "io": io ?? standard.io])
            configuration.urls = context.map { $0.url.split(separator: ",").map(String.init) } ?? []
            if !url.isEmpty { configuration.urls = url }
            configuration.token = context?.token
            configuration.certificateAuthorities = tlsAuthorities
            if let tlsCertificate, let tlsKey { configuration.identity = (tlsCertificate, tlsKey) }
            configuration.softwareVersion = BuildVersion.text
            configuration.drainGrace = .seconds(grace)
            for pair in label {
                guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
                    throw CommandFailure(.invalid, "error: --label \(pair): write it as name=value")
                }
                configuration.labels[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            let worker: Worker
            do {
                worker = try Worker.remote(
                    configuration, environment: DevWorker.environment(), metrics: MetricsRegistry(),
                    logger: Logger(label: "beamline.worker"))
            } catch {
                throw CommandFailure(.invalid, "error: \(error)")
            }
            try await ServeSession.untilSignalled(stop: { worker.beginDrain() }, atOnce: { worker.stopNow() }) {
                try await worker.run()
            }
        }
    }
}
