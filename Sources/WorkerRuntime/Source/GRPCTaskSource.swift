import GRPC
import HTTP
public import Logging
import Protobuf
import Synchronization
public import TLS

/// Tasks over gRPC: `beamline.v1.WorkerService/Connect` at one of several servers.
public final class GRPCTaskSource: TaskSource {
    /// How long the server may take to end a stream that the worker has ended.
    private static let farewell = Duration.seconds(2)

    private let servers: [ServerURL]
    private let token: String?
    /// Without a certificate of its own, a worker makes the context once.
    private let tls: TLSContext?
    private let configuration: TLSConfiguration
    private let logger: Logger
    private let turn = Atomic(0)

    /// - Parameters:
    ///   - urls: tried in turn, one for each stream.
    ///   - trustRoots: PEM certificates for `https`; the system's otherwise.
    ///   - identity: the worker's own certificate, with intermediates, and its key.
    /// - Throws: when an URL names no server, or the certificates cannot be read.
    public init(
        urls: [String], token: String?, trustRoots: TLSMaterial? = nil,
        identity: (certificate: TLSMaterial, key: TLSMaterial)? = nil, logger: Logger
    ) throws {
        guard !urls.isEmpty else { throw ServerURL.Malformed(description: "no server is named") }
        servers = try urls.map { try ServerURL(parsing: $0) }
        self.token = token
        self.logger = logger
        var configuration = TLSConfiguration.client(trustRoots: trustRoots)
        configuration.applicationProtocols = ["h2"]
        configuration.certificateChain = identity?.certificate
        configuration.privateKey = identity?.key
        self.configuration = configuration
        tls = servers.contains(where: \.isSecure) ? try TLSContext(.client, configuration) : nil
    }

    /// What a new connection uses: a certificate of the worker's own may have been renewed.
    private func context() throws(TLSError) -> TLSContext? {
        configuration.certificateChain == nil ? tls : try TLSContext(.client, configuration)
    }

    public func withStream(_ body: @Sendable (any TaskStream) async throws -> Void) async throws {
        let server = servers[turn.load(ordering: .relaxed) % servers.count]
        var configuration = GRPCChannel.Configuration(
            address: server.address, tls: server.isSecure ? try context() : nil)
        if let token { configuration.metadata.append("authorization", "Bearer \(token)") }
        let channel = GRPCChannel(configuration, logger: logger)
        do {
            let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
            do {
                try await body(Stream(call: call))
            } catch {
                call.cancel()
                throw error
            }
            call.finish()
            await Self.waitForEnd(of: call)
        } catch {
            // The next stream goes to the next server.
            turn.add(1, ordering: .relaxed)
            await channel.close()
            throw error
        }
        await channel.close()
    }

    private typealias Call = GRPCCall<BeamlineV1.WorkerMessage, BeamlineV1.ServerMessage>

    private static func waitForEnd(of call: Call) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // How the server ends what is over does not matter any more.
                var responses = call.responses.makeAsyncIterator()
                while let message = try? await responses.next() { _ = message }
            }
            group.addTask { try? await Task.sleep(for: farewell) }
            await group.next()
            call.cancel()
            group.cancelAll()
        }
    }

    private struct Stream: TaskStream {
        let call: Call

        func receive() async throws -> BeamlineV1.ServerMessage? {
            var responses = call.responses.makeAsyncIterator()
            return try await responses.next()
        }

        func send(_ messages: [BeamlineV1.WorkerMessage]) async throws {
            for message in messages where try !call.offer(message) { try await call.send(message) }
        }
    }
}
