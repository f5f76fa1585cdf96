import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTP

/// Peers that hold something by doing nothing. The limits are short here; what ends in them is awaited, not timed.
@Suite("Slow peers", .timeLimit(.minutes(2)))
struct SlowPeerTests {
    private static func limits(body: Duration = .seconds(30), stall: Duration = .seconds(120)) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyTimeout = body
        limits.stallTimeout = stall
        // Streams are looked at as often as this. Heads have all the time in the world: on a busy machine a connection whose
        // head was late would be closed before its test has begun.
        limits.keepAlive = .milliseconds(200)
        limits.headerTimeout = .seconds(60)
        return limits
    }

    private static let collecting: HTTPHandler = { request in
        if request.path == "/after" { return .text("hello") }
        return HTTPResponse(status: 200, body: .bytes(try await request.body.collect(upTo: 1000)))
    }

    @Test("HTTP/1.1 content that does not come is 408, and the connection ends")
    func stalledContent() async throws {
        let limits = Self.limits(body: .milliseconds(300))
        try await withServer(limits: limits, handler: Self.collecting) { server, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
            let answer = try await client.textToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("request_timeout"), "\(answer)")
            #expect(answer.contains("connection: close"))
            #expect(server.metrics.timeouts.load(ordering: .relaxed) == 1)
        }
    }

    @Test("HTTP/2 content that does not come is 408, and other streams live on")
    func stalledStream() async throws {
        let limits = Self.limits(body: .milliseconds(300))
        try await withServer(limits: limits, handler: Self.collecting) { server, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.post("/", stream: 1), .data([1, 2, 3], stream: 1)])
            let frames = try await client.frames { frames in
                frames.contains {
                    $0.type == 0 && String(decoding: $0.payload, as: UTF8.self).contains("request_timeout")
                }
            }
            #expect(Frame.goAways(frames).isEmpty)
            try await client.send([.get("/after", stream: 3)])
            _ = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(server.metrics.timeouts.load(ordering: .relaxed) == 1)
        }
    }

    @Test("content that trickles has no more time than content that stops, and a stream that is read in pieces has all")
    func trickle() async throws {
        final class Source: HTTPBodySource {
            let wanted = Signal()
            func bodyWanted() { wanted.fire() }
            func bodyConsumed(_ count: Int) {}
        }
        let (source, timeout) = (Source(), TimeAmount.seconds(30))
        let body = HTTPBody(source: source, expectedLength: nil)
        #expect(!body.isOverdue(now: .now() + .hours(1), timeout: timeout), "nobody reads it")
        let reader = Task { try await body.collect(upTo: 100) }
        await source.wanted.wait()
        for count in 2..<5 {
            #expect(!body.isOverdue(now: .now() + .seconds(1), timeout: timeout))
            #expect(body.isOverdue(now: .now() + timeout, timeout: timeout))
            #expect(body.receive(ByteBuffer(string: "x")))
            await source.wanted.wait(count: count)
        }
        body.finish()
        #expect(try await reader.value == ByteBuffer(string: "xxx"))
        #expect(!body.isOverdue(now: .now() + .hours(1), timeout: timeout))

        let stream = HTTPBody(source: source, expectedLength: nil)
        let pieces = Task { try await stream.next() }
        await source.wanted.wait(count: 5)
        #expect(!stream.isOverdue(now: .now() + .hours(1), timeout: timeout))
        stream.finish()
        #expect(try await pieces.value == nil)
    }

    @Test("a peer that closes its window loses the stream, whose handler ends, and keeps the connection")
    func zeroWindow() async throws {
        let ended = Signal()
        let handler: HTTPHandler = { request in
            switch request.path {
            case "/after": return HTTPResponse(status: 204)
            case "/whole": return .text(String(repeating: "x", count: 100_000))
            default:
                return HTTPResponse(
                    status: 200,
                    body: .stream { writer in
                        do {
                            while true { try await writer.write(ByteBuffer(repeating: 1, count: 10_000)) }
                        } catch {
                            ended.fire()
                            throw error
                        }
                    })
            }
        }
        try await withServer(limits: Self.limits(stall: .milliseconds(400)), handler: handler) { server, address in
            let client = try await RawClient.connect(to: address)
            let noWindow = Frame(type: 4, payload: [0, 4, 0, 0, 0, 0])
            try await client.send(Frame.preface + noWindow.bytes + Frame.settingsAck.bytes)
            try await client.send([.get("/whole", stream: 1), .get("/stream", stream: 3)])
            let frames = try await client.frames {
                !Frame.resets($0, stream: 1).isEmpty && !Frame.resets($0, stream: 3).isEmpty
            }
            #expect(Frame.resets(frames, stream: 1) == [HTTP2ErrorCode.cancel.rawValue])
            #expect(Frame.goAways(frames).isEmpty && !frames.contains { $0.type == 0 })
            await ended.wait()
            try await client.send([.get("/after", stream: 5)])
            _ = try await client.frames { $0.contains { $0.type == 1 && $0.stream == 5 } }
            #expect(server.metrics.timeouts.load(ordering: .relaxed) == 2)
        }
    }

    @Test(
        "a peer that does not read loses the connection, and the handler ends", arguments: [HTTPVersion.http1, .http2])
    func unread(_ version: HTTPVersion) async throws {
        let ended = Signal()
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    do {
                        while true { try await writer.write(ByteBuffer(repeating: 1, count: 100_000)) }
                    } catch {
                        ended.fire()
                        throw error
                    }
                })
        }
        try await withServer(limits: Self.limits(stall: .milliseconds(400)), handler: handler) { server, address in
            guard case .tcp(let host, let port) = address else { throw TestFailure("only tcp") }
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false).connect(host: host, port: port).get()
            let most = Frame.number(0x7fff_ffff)
            let bytes: [UInt8] =
                switch version {
                case .http1: Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8)
                case .http2:
                    Frame.preface + Frame(type: 4, payload: [0, 4] + most).bytes + Frame.settingsAck.bytes
                        + Frame(type: 8, payload: Frame.number(0x7fff_0000)).bytes + Frame.get("/", stream: 1).bytes
                }
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
            await ended.wait()
            #expect(server.metrics.timeouts.load(ordering: .relaxed) >= 1)
            try? await channel.close()
        }
    }
}
