import Access
import Logging
import Supervision
import Synchronization
import TLS

/// A node's certificates, taken anew when their files change.
final class ServerCertificates: Sendable {
    private static let period = Duration.seconds(1)
    private static let largest = 4 << 20

    private struct Contexts {
        var plain: TLSContext
        /// Asks clients for certificates.
        var asking: TLSContext?
    }

    private let files: (certificate: String, key: String)
    private let clients: ClientCertificates?
    /// The listeners that ask clients for certificates.
    private let asks: Set<Listener>
    private let logger: Logger
    private let state: Mutex<Contexts>
    /// What the contexts were made from.
    private let known: Mutex<[[UInt8]]>

    /// - Returns: `nil` for a node without TLS.
    /// - Throws: what is wrong with the files.
    init?(_ options: ServerOptions, logger: Logger) throws {
        guard let files = options.tls else { return nil }
        self.files = files
        self.logger = logger
        clients = options.clientCertificates
        asks = options.listeners[.workers]?.isEmpty == false ? [.workers] : Set(Listener.allCases)
        known = Mutex(try Self.read(files, clients))
        state = Mutex(try Self.make(files, clients))
    }

    /// What new connections to a listener use.
    func context(for listener: Listener) -> TLSContext {
        state.withLock { asks.contains(listener) ? $0.asking ?? $0.plain : $0.plain }
    }

    /// Looks at the files once a second; `changed` is called when the contexts are new ones.
    func watch(changed: @escaping @Sendable () -> Void) -> ChildSpec {
        ChildSpec("certificates") {
            var complained: String?
            while true {
                try await Task.sleep(for: Self.period)
                do {
                    if try self.reload() { changed() }
                    complained = nil
                } catch {
                    // A certificate without its new key is half of a change: the next look finds the rest.
                    let message = "\(error)"
                    if complained != message {
                        self.logger.warning(
                            "the certificates are as before: the new files cannot be taken",
                            metadata: ["error": "\(error)"])
                    }
                    complained = message
                }
            }
        }
    }

    /// Takes the files if they have changed; `false` when they have not.
    func reload() throws -> Bool {
        // What is remembered was read before what is used: files that change in between are found by the next look.
        let contents = try Self.read(files, clients)
        guard contents != known.withLock(\.self) else { return false }
        let contexts = try Self.make(files, clients)
        state.withLock { $0 = contexts }
        known.withLock { $0 = contents }
        logger.notice("the certificates were taken", metadata: ["certificate": "\(files.certificate)"])
        return true
    }

    private static func read(
        _ files: (certificate: String, key: String), _ clients: ClientCertificates?
    ) throws -> [[UInt8]] {
        try [files.certificate, files.key, clients?.authorities, clients?.revocations].compactMap(\.self).map { path in
            guard let bytes = try DurableFile.read(path, limit: largest) else {
                throw DurableFile.Failure("\(path): there is no such file")
            }
            return bytes
        }
    }

    private static func make(
        _ files: (certificate: String, key: String), _ clients: ClientCertificates?
    ) throws -> Contexts {
        var configuration = TLSConfiguration.server(
            certificateChain: .file(files.certificate), privateKey: .file(files.key))
        let plain = try TLSContext(.server, configuration)
        guard let clients else { return Contexts(plain: plain) }
        configuration.trustRoots = .file(clients.authorities)
        configuration.revocations = clients.revocations.map { .file($0) }
        configuration.clientVerification = clients.areRequired ? .required : .optional
        return Contexts(plain: plain, asking: try TLSContext(.server, configuration))
    }
}
