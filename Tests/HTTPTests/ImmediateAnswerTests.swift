import HTTP
import NIOCore
import Synchronization
import Testing

/// Answers that cost no task: asked first, and only for requests that are complete.
@Suite("Immediate answers", .timeLimit(.minutes(1)))
struct ImmediateAnswerTests {
    private static let immediate: HTTPImmediateHandler = { request in
        switch request.path {
        case "/now": .text("at once", status: 203)
        case "/empty": HTTPResponse(status: 204)
        default: nil
        }
    }

    private static let handler: HTTPHandler = { request in
        .text("waited for \(try await request.body.collect(upTo: 100).readableBytes) octets")
    }

    private func send(
        _ connection: HTTP2Connection, _ method: String, _ path: String, body: HTTPClientRequest.Body = .none
    ) async throws -> (status: Int, length: String?, text: String) {
        let stream = connection.request(HTTPClientRequest(method: method, path: path, body: body))
        let head = try await stream.response()
        let text = String(buffer: try await stream.body.collect(upTo: 1000))
        return (head.status, head.fields["content-length"], text)
    }

    @Test func areAskedForFirst() async throws {
        try await withServer(immediate: Self.immediate, handler: Self.handler) { server, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            #expect(try await send(connection, "GET", "/now") == (203, "7", "at once"))
            #expect(try await send(connection, "HEAD", "/now") == (203, "7", ""))
            #expect(try await send(connection, "GET", "/empty") == (204, nil, ""))
            #expect(try await send(connection, "GET", "/other") == (200, "19", "waited for 0 octets"))
            #expect(server.metrics.responses(class: 2) == 4)
            #expect(server.metrics.requestsActive.load(ordering: .relaxed) == 0)
            await connection.close()
        }
    }

    @Test func areNotGivenWhileContentComes() async throws {
        try await withServer(immediate: Self.immediate, handler: Self.handler) { _, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            let content = HTTPClientRequest.Body.bytes(ByteBuffer(string: "four"))
            #expect(try await send(connection, "POST", "/now", body: content) == (200, "19", "waited for 4 octets"))
            await connection.close()
        }
    }

    @Test func endWithTheirConnection() async throws {
        // `run()` returns only when nothing is left of any exchange.
        try await withServer(immediate: Self.immediate, handler: Self.handler) { _, address in
            for _ in 0..<3 {
                let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
                #expect(try await send(connection, "GET", "/now").status == 203)
                await connection.close()
            }
        }
    }
}
