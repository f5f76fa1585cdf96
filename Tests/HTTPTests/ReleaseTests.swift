import HTTP
import NIOCore
import Synchronization
import Testing

/// What an exchange was made of is gone once it is over, while its connection lives on.
@Suite("Memory of exchanges", .timeLimit(.minutes(1)))
struct ReleaseTests {
    private struct Weak: @unchecked Sendable {
        weak var body: HTTPBody?
        weak var writer: HTTPBodyWriter?

        var isGone: Bool { body == nil && writer == nil }
    }

    private final class Exchanges: Sendable {
        let seen = Mutex<[Weak]>([])

        var left: Int { seen.withLock { $0.count { !$0.isGone } } }

        /// Echoes the content as a stream of pieces.
        func handler(_ request: HTTPRequest) async throws -> HTTPResponse {
            if request.path == "/left" { return .text("\(left)") }
            let bytes = try await request.body.collect(upTo: 1 << 20)
            let body = request.body
            return HTTPResponse(
                status: 200,
                body: .stream { writer in
                    self.seen.withLock { $0.append(Weak(body: body, writer: writer)) }
                    try await writer.write(bytes)
                    return nil
                })
        }
    }

    @Test("over HTTP/2, on both sides")
    func http2() async throws {
        let exchanges = Exchanges()
        try await withServer(handler: exchanges.handler) { _, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            var streams: [Weak] = []
            for number in 0..<20 { streams.append(try await Self.post("number \(number)", connection)) }
            // The server's streams end when their last frames have left, which the peer may see a little earlier.
            var left = exchanges.left
            for _ in 0..<100 where left > 0 {
                let stream = connection.request(HTTPClientRequest(method: "GET", path: "/left"))
                _ = try await stream.response()
                left = Int(String(buffer: try await stream.body.collect(upTo: 10))) ?? -1
            }
            #expect(left == 0)
            #expect(streams.count { !$0.isGone } == 0)
            await connection.close()
        }
    }

    private static func post(_ text: String, _ connection: HTTP2Connection) async throws -> Weak {
        let stream = connection.request(
            HTTPClientRequest(method: "POST", path: "/", body: .bytes(ByteBuffer(string: text))))
        _ = try await stream.response()
        #expect(try await String(buffer: stream.body.collect(upTo: 100)) == text)
        return Weak(body: stream.body)
    }

    @Test("over HTTP/1.1")
    func http1() async throws {
        let exchanges = Exchanges()
        try await withServer(handler: exchanges.handler) { _, address in
            let client = try await RawClient.connect(to: address)
            for _ in 0..<20 { try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none") }
            for _ in 0..<20 { try await client.send("GET /left HTTP/1.1\r\nhost: a\r\n\r\n") }
            try await client.send("GET /left HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            let answer = try await client.textToEnd()
            #expect(answer.hasSuffix("\r\n\r\n0"), "\(answer.suffix(200))")
            #expect(exchanges.seen.withLock { $0.count } == 20)
        }
    }
}
