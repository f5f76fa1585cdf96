import GRPC
import HTTP
import Logging
import Protobuf
import Telemetry

@testable import WorkerRuntime

/// A gRPC server on a real socket whose WorkerService the test plays.
final class GRPCBench: Sendable {
    /// The server's end of one stream.
    final class ServerEnd: Sendable {
        let hello: BeamlineV1.Hello
        let token: String?
        let fromWorker: AsyncStream<BeamlineV1.WorkerMessage.Kind>
        private let responses: GRPCResponseWriter<BeamlineV1.ServerMessage>

        init(
            hello: BeamlineV1.Hello, token: String?, fromWorker: AsyncStream<BeamlineV1.WorkerMessage.Kind>,
            responses: GRPCResponseWriter<BeamlineV1.ServerMessage>
        ) {
            self.hello = hello
            self.token = token
            self.fromWorker = fromWorker
            self.responses = responses
        }

        func say(_ kind: BeamlineV1.ServerMessage.Kind) throws {
            guard try responses.offer(BeamlineV1.ServerMessage(kind: kind)) else { throw WorkerBench.NoStream() }
        }

        /// The next message that is no heartbeat; `nil` when the worker has ended its half in order.
        func next() async throws -> BeamlineV1.WorkerMessage.Kind? {
            for await message in fromWorker {
                guard case .heartbeat(let beat) = message else { return message }
                try say(.heartbeatAck(.init(sequence: beat.sequence)))
            }
            return nil
        }
    }

    let url: String
    /// Each stream that was refused for its token.
    let refusals: AsyncStream<Void>
    private let server: HTTPServer
    private let streams: AsyncStream<ServerEnd>

    init(token: String) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (streams, opened) = AsyncStream.makeStream(of: ServerEnd.self)
        self.streams = streams
        let (refusals, refused) = AsyncStream.makeStream(of: Void.self)
        self.refusals = refusals
        var router = GRPCRouter<String?>(logger: logger) { request in
            guard request.fields["authorization"] == "Bearer \(token)" else {
                refused.yield()
                throw GRPCStatus(.unauthenticated, "wrong token")
            }
            return token
        }
        router.bidirectional(BeamlineV1.WorkerService.connect) { requests, responses, context in
            var messages = requests.makeAsyncIterator()
            guard case .hello(let hello)? = try await messages.next()?.kind else {
                throw GRPCStatus(.invalidArgument, "no Hello")
            }
            let (fromWorker, continuation) = AsyncStream.makeStream(of: BeamlineV1.WorkerMessage.Kind.self)
            defer { continuation.finish() }
            opened.yield(
                ServerEnd(hello: hello, token: context.identity, fromWorker: fromWorker, responses: responses))
            while let message = try await messages.next() {
                if let kind = message.kind { continuation.yield(kind) }
            }
        }
        let routes = router
        let server = HTTPServer(
            configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), logger: logger
        ) { await routes.respond(to: $0) }
        let port = try await server.bind().first?.port ?? 0
        self.server = server
        url = "http://127.0.0.1:\(port)"
    }

    func run() async throws { try await server.run() }

    /// The next stream, welcomed.
    func accept() async throws -> ServerEnd {
        for await stream in streams {
            try stream.say(.welcome(WorkerBench.welcome))
            return stream
        }
        throw WorkerBench.NoStream()
    }
}
