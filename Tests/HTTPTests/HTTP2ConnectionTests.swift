import HTTP
import NIOCore
import Synchronization
import Testing

@Suite("HTTP/2 client and server", .timeLimit(.minutes(1)))
struct HTTP2ConnectionTests {
    private func withConnection<Result: Sendable>(
        limits: HTTPLimits = HTTPLimits(), handler: @escaping HTTPHandler,
        _ body: @escaping @Sendable (HTTP2Connection, HTTPServer) async throws -> Result
    ) async throws -> Result {
        try await withServer(limits: limits, handler: handler) { server, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            let result = try await body(connection, server)
            await connection.close()
            return result
        }
    }

    @Test func exchangesHeadBodyAndTrailers() async throws {
        let handler: HTTPHandler = { request in
            let body = try await request.body.collect(upTo: 100)
            return HTTPResponse(
                status: 201, fields: ["x-method": request.method, "x-query": request.query ?? ""],
                body: .bytes(ByteBuffer(string: "\(request.path) \(String(buffer: body))")),
                trailers: ["x-sum": request.body.trailers?["x-in"] ?? "none"])
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(
                HTTPClientRequest(method: "POST", path: "/p?q=1", fields: ["a": "b"], body: .stream))
            try await stream.write(ByteBuffer(string: "one "))
            try await stream.write(ByteBuffer(string: "two"))
            stream.finish(trailers: ["x-in": "3"])
            let head = try await stream.response()
            #expect(head.status == 201)
            #expect(head.fields["x-method"] == "POST" && head.fields["x-query"] == "q=1")
            #expect(try await String(buffer: stream.body.collect(upTo: 100)) == "/p one two")
            #expect(stream.trailers?["x-sum"] == "3")
        }
    }

    @Test func thousandRequestsAtOnce() async throws {
        try await withConnection(handler: echo) { connection, server in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1_000 {
                    group.addTask {
                        let body = ByteBuffer(string: "number \(number)")
                        let stream = connection.request(
                            HTTPClientRequest(method: "POST", path: "/echo", body: .bytes(body)))
                        _ = try await stream.response()
                        return try await stream.body.collect(upTo: 100) == body
                    }
                }
                for try await same in group { #expect(same) }
            }
            #expect(server.metrics.requestsHTTP2.load(ordering: .relaxed) == 1_000)
            #expect(server.metrics.requestsActive.load(ordering: .relaxed) == 0)
        }
    }

    @Test func largeBodiesBothWays() async throws {
        let handler: HTTPHandler = { request in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    for try await piece in request.body { try await writer.write(piece) }
                    return ["x-end": "1"]
                })
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(method: "POST", path: "/", body: .stream))
            async let received: Int = {
                var count = 0
                for try await piece in stream.body { count += piece.readableBytes }
                return count
            }()
            let piece = ByteBuffer(repeating: 7, count: 100_000)
            for _ in 0..<200 { try await stream.write(piece) }
            stream.finish()
            #expect(try await received == 20_000_000)
            #expect(stream.trailers?["x-end"] == "1")
        }
    }

    @Test func aSlowReaderHoldsTheWriterBack() async throws {
        let written = Atomic<Int>(0)
        let blocked = Signal()
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    let piece = ByteBuffer(repeating: 1, count: 10_000)
                    for _ in 0..<1_000 {
                        if !writer.offer(piece) {
                            blocked.fire()
                            try await writer.write(piece)
                        }
                        written.add(10_000, ordering: .relaxed)
                    }
                    return nil
                })
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(path: "/"))
            _ = try await stream.response()
            await blocked.wait()
            // Nothing is read: what has left is at most the windows and buffers on the way.
            #expect(written.load(ordering: .relaxed) < 2_000_000)
            var count = 0
            for try await piece in stream.body { count += piece.readableBytes }
            #expect(count == 10_000_000)
        }
    }

    @Test func anUnreadUploadHoldsTheClientBack() async throws {
        let gate = Signal()
        let handler: HTTPHandler = { request in
            await gate.wait()
            var count = 0
            for try await piece in request.body { count += piece.readableBytes }
            return .text("\(count)")
        }
        var limits = HTTPLimits()
        limits.streamWindow = 100_000
        try await withConnection(limits: limits, handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(method: "POST", path: "/", body: .stream))
            let piece = ByteBuffer(repeating: 1, count: 10_000)
            var sent = 0
            // Round trips, not time: each ping's answer comes after the server has taken what was sent before.
            var refusals = 0
            while refusals < 3 {
                if stream.offer(piece) {
                    sent += 10_000
                } else {
                    refusals += 1
                    _ = try await connection.ping()
                }
            }
            #expect(sent <= 100_000 + (256 << 10) + 64_000)
            gate.fire()
            while sent < 5_000_000 {
                try await stream.write(piece)
                sent += 10_000
            }
            stream.finish()
            _ = try await stream.response()
            #expect(try await String(buffer: stream.body.collect(upTo: 100)) == "\(sent)")
        }
    }

    @Test func collectRefusesMoreThanItsLimit() async throws {
        let handler: HTTPHandler = { request in
            .text(String(buffer: try await request.body.collect(upTo: 10)))
        }
        try await withConnection(handler: handler) { connection, _ in
            for fields: HTTPFields in [["content-length": "11"], [:]] {
                let stream = connection.request(
                    HTTPClientRequest(
                        method: "POST", path: "/", fields: fields, body: .bytes(ByteBuffer(string: "12345678901"))))
                #expect(try await stream.response().status == 413)
                let body = String(buffer: try await stream.body.collect(upTo: 999))
                #expect(body.contains("payload_too_large"))
            }
        }
    }

    @Test func resettingCancelsTheHandlerAndFailsTheReader() async throws {
        let started = Signal()
        let ended = Signal()
        let handler: HTTPHandler = { request in
            started.fire()
            do {
                _ = try await request.body.collect(upTo: 100)
            } catch let error as HTTPTransportError {
                if error.kind == .reset(.cancel) { ended.fire() }
            }
            return .text("late")
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(method: "POST", path: "/", body: .stream))
            await started.wait()
            stream.reset()
            await ended.wait()
            await #expect(throws: HTTPTransportError.self) { try await stream.response() }
        }
    }

    @Test func aBrokenOffResponseIsAReset() async throws {
        let gate = Signal()
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: "part"))
                    await gate.wait()
                    throw TestFailure("broken")
                })
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(path: "/"))
            #expect(try await stream.response().status == 200)
            gate.fire()
            do {
                _ = try await stream.body.collect(upTo: 100)
                Issue.record("half a response was taken for a whole one")
            } catch let error as HTTPTransportError {
                #expect(error.kind == .reset(.internalError))
            }
        }
    }

    @Test func aClosedServerFailsWhatIsOpen() async throws {
        let started = Signal()
        let connection = try await withServer(
            handler: { _ in
                started.fire()
                try await Task.sleep(for: .seconds(60))
                return .text("late")
            },
            { _, address in
                let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
                let stream = connection.request(HTTPClientRequest(path: "/"))
                await started.wait()
                return (connection, stream)
            })
        await #expect(throws: HTTPTransportError.self) { try await connection.1.response() }
        _ = await connection.0.waitUntilClosed()
        #expect(!connection.0.isUsable)
        await #expect(throws: HTTPTransportError.self) {
            try await connection.0.request(HTTPClientRequest(path: "/")).response()
        }
    }

    @Test func nobodyListens() async throws {
        await #expect(throws: HTTPTransportError.self) {
            try await HTTP2Connection.connect(to: .tcp(host: "127.0.0.1", port: 1), logger: quiet)
        }
    }

    @Test func speaksOverAUnixSocket() async throws {
        let path = "/tmp/beamline-http-\(UInt32.random(in: 0...UInt32.max)).sock"
        try await withServer(address: .unix(path: path), handler: echo) { _, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            let stream = connection.request(HTTPClientRequest(path: "/"))
            #expect(try await stream.response().status == 200)
            #expect(try await connection.ping() > .zero)
            await connection.close()
        }
    }

    @Test func cookiesBecomeOneLineAndHostStandsIn() async throws {
        let handler: HTTPHandler = { request in .text("\(request.fields["cookie"] ?? "") \(request.authority)") }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(
                HTTPClientRequest(path: "/", authority: "example.test", fields: ["cookie": "a=1", "cookie": "b=2"]))
            _ = try await stream.response()
            #expect(try await String(buffer: stream.body.collect(upTo: 99)) == "a=1; b=2 example.test")
        }
    }

    @Test func handlersStayOnTheLoop() async throws {
        let handler: HTTPHandler = { request in
            let before = request.eventLoop.inEventLoop
            await Task.yield()
            return .text("\(before) \(request.eventLoop.inEventLoop)")
        }
        try await withConnection(handler: handler) { connection, _ in
            let stream = connection.request(HTTPClientRequest(path: "/"))
            _ = try await stream.response()
            #expect(try await String(buffer: stream.body.collect(upTo: 99)) == "true true")
        }
    }
}
