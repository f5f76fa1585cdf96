import HTTP
import NIOCore
import Synchronization
import Testing

@Suite("HTTP/2 on the wire", .timeLimit(.minutes(1)))
struct HTTP2WireTests {
    private static let goAwayFrame: UInt8 = 7

    @Test func answersARequest() async throws {
        try await withServer(handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.get("/", stream: 1)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 1 } }
            #expect(frames.first?.type == 4, "SETTINGS come first")
            #expect(frames.contains(.data(Array("hello".utf8), stream: 1, end: true)))
        }
    }

    @Test func aBadPrefaceIsAProtocolError() async throws {
        try await withServer(handler: echo) { server, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames) == [HTTP2ErrorCode.protocolError.rawValue])
            #expect(server.metrics.goAwaysSent(.protocolError) == 1)
        }
    }

    @Test(
        "connection errors end in GOAWAY with the RFC's code",
        arguments: [
            (Frame(type: 4, payload: [0, 0, 0, 0, 0]), HTTP2ErrorCode.frameSizeError),
            (Frame(type: 6, payload: [1, 2, 3]), .frameSizeError),
            (Frame(type: 0, stream: 0, payload: [1]), .protocolError),
            (Frame(type: 9, flags: 4, stream: 1, payload: [0x82]), .protocolError),
            (Frame(type: 1, flags: 5, stream: 2, payload: [0x82]), .protocolError),
            (Frame(type: 1, flags: 5, stream: 1, payload: [0xff, 0xff, 0xff, 0xff, 0xff]), .compressionError),
            (Frame(type: 8, stream: 0, payload: [0, 0, 0, 0]), .protocolError),
            (Frame(type: 5, flags: 4, stream: 1, payload: [0, 0, 0, 2, 0x82]), .protocolError),
            (Frame(type: 0, stream: 1, payload: [UInt8](repeating: 0, count: 20_000)), .frameSizeError),
        ])
    func connectionError(_ frame: Frame, _ code: HTTP2ErrorCode) async throws {
        try await withServer(handler: echo) { server, address in
            let client = try await RawClient.http2(to: address)
            client.trySend([frame])
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames).last == code.rawValue, "\(frames.suffix(2))")
            #expect(server.metrics.goAwaysSent(code) == 1)
        }
    }

    @Test(
        "stream errors reset the stream alone",
        arguments: [
            // an upper-case name, a field of the connection, no :path
            (Frame.get("/", stream: 1, extra: Frame.literal("Bad", "x")), HTTP2ErrorCode.protocolError),
            (Frame.get("/", stream: 1, extra: Frame.literal("connection", "close")), .protocolError),
            (Frame(type: 1, flags: 5, stream: 1, payload: [0x82, 0x86]), .protocolError),
        ])
    func streamError(_ frame: Frame, _ code: HTTP2ErrorCode) async throws {
        try await withServer(handler: echo) { server, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([frame, .get("/", stream: 3)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(Frame.resets(frames, stream: 1) == [code.rawValue])
            #expect(Frame.goAways(frames).isEmpty)
            #expect(server.metrics.resetsSent(code) == 1)
        }
    }

    @Test func aLargeHeadIs431AndTheConnectionLives() async throws {
        var limits = HTTPLimits()
        limits.headerListSize = 2_000
        try await withServer(limits: limits, handler: echo) { server, address in
            let client = try await RawClient.http2(to: address)
            let line = Frame.literal("x-long", String(repeating: "y", count: 3_000))
            try await client.send([.get("/", stream: 1, extra: line), .get("/", stream: 3)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(
                frames.contains {
                    $0.stream == 1 && String(decoding: $0.payload, as: UTF8.self).contains("head_too_large")
                })
            #expect(server.metrics.headTooLarge.load(ordering: .relaxed) == 1)
        }
    }

    @Test func aHostileHeadIsReset() async throws {
        var limits = HTTPLimits()
        limits.headerListSize = 1_000
        try await withServer(limits: limits, handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            let line = Frame.literal("x-long", String(repeating: "y", count: 12_000))
            try await client.send([.get("/", stream: 1, extra: line), .get("/", stream: 3)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(Frame.resets(frames, stream: 1).count == 1)
        }
    }

    @Test func aSmallHeadThatUnpacksToALargeOneIsReset() async throws {
        try await withServer(handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            // Into the peer's table, at its first free place (62), and from there 2,000 times (RFC 7541 §6.1, §6.2.1).
            var kept = Frame.literal("x-long", String(repeating: "y", count: 3_000))
            kept[0] = 0x40
            let bomb = kept + [UInt8](repeating: 0x80 | 62, count: 2_000)
            try await client.send([.get("/", stream: 1, extra: bomb), .get("/", stream: 3)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(Frame.resets(frames, stream: 1).count == 1)
            #expect(!frames.contains(.data(Array("hello".utf8), stream: 1, end: true)))
        }
    }

    @Test func rapidResetEndsTheConnection() async throws {
        var limits = HTTPLimits()
        limits.resets = (burst: 20, perSecond: 1)
        let handler: HTTPHandler = { _ in
            try await Task.sleep(for: .seconds(60))
            return .text("late")
        }
        try await withServer(limits: limits, handler: handler) { server, address in
            let client = try await RawClient.http2(to: address)
            for number in 0..<200 {
                let stream = UInt32(2 * number + 1)
                client.trySend([.get("/", stream: stream), .reset(8, stream: stream)])
            }
            let frames = try await client.framesToEnd()
            #expect(!Frame.goAways(frames).isEmpty)
            #expect(server.metrics.requestsHTTP2.load(ordering: .relaxed) < 100)
        }
    }

    @Test func provokedResetsEndTheConnection() async throws {
        var limits = HTTPLimits()
        limits.idleFrames = (burst: 20, perSecond: 1)
        try await withServer(limits: limits, handler: echo) { server, address in
            let client = try await RawClient.http2(to: address)
            for number in 0..<200 {
                client.trySend([.get("/", stream: UInt32(2 * number + 1), extra: Frame.literal("Bad", "x"))])
            }
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames).last == HTTP2ErrorCode.enhanceYourCalm.rawValue)
        }
    }

    @Test func aFloodOfContinuationsEndsTheConnection() async throws {
        try await withServer(handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            client.trySend([.get("/", stream: 1, flags: 1)])
            for _ in 0..<100 { client.trySend([Frame(type: 9, stream: 1, payload: Frame.literal("a", "b"))]) }
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames).last == HTTP2ErrorCode.enhanceYourCalm.rawValue)
        }
    }

    @Test(
        "floods of idle frames end the connection",
        arguments: [
            Frame(type: 6, payload: [UInt8](repeating: 0, count: 8)),
            Frame.emptySettings,
            Frame(type: 2, stream: 1, payload: [0, 0, 0, 0, 1]),
        ])
    func flood(_ frame: Frame) async throws {
        var limits = HTTPLimits()
        limits.idleFrames = (burst: 50, perSecond: 1)
        try await withServer(limits: limits, handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            for _ in 0..<200 { client.trySend([frame]) }
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames).last == HTTP2ErrorCode.enhanceYourCalm.rawValue)
        }
    }

    @Test func anUnfinishedHeadIsCutOff() async throws {
        var limits = HTTPLimits()
        limits.headerTimeout = .milliseconds(300)
        try await withServer(limits: limits, handler: echo) { server, address in
            let client = try await RawClient.http2(to: address)
            client.trySend([.get("/", stream: 1, flags: 1)])
            _ = try await client.framesToEnd()
            #expect(server.metrics.timeouts.load(ordering: .relaxed) == 1)
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(300)
        try await withServer(limits: limits, handler: echo) { _, address in
            let client = try await RawClient.http2(to: address)
            let frames = try await client.framesToEnd()
            #expect(Frame.goAways(frames).last == HTTP2ErrorCode.noError.rawValue)
        }
    }

    @Test func aSilentPeerWithAStreamIsGivenUp() async throws {
        var limits = HTTPLimits()
        limits.keepAlive = .milliseconds(200)
        limits.keepAliveTimeout = .milliseconds(200)
        let ended = Signal()
        let handler: HTTPHandler = { _ in
            do { try await Task.sleep(for: .seconds(60)) } catch { ended.fire() }
            return .text("late")
        }
        try await withServer(limits: limits, handler: handler) { _, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.get("/", stream: 1)])
            let frames = try await client.framesToEnd()
            #expect(frames.contains { $0.type == 6 }, "it was pinged first")
            await ended.wait()
        }
    }

    @Test func aResetCancelsTheHandler() async throws {
        let started = Signal()
        let ended = Signal()
        let handler: HTTPHandler = { _ in
            started.fire()
            do { try await Task.sleep(for: .seconds(60)) } catch { ended.fire() }
            return .text("late")
        }
        try await withServer(handler: handler) { server, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.get("/", stream: 1)])
            await started.wait()
            try await client.send([.reset(8, stream: 1)])
            await ended.wait()
            #expect(server.metrics.resetsReceived.load(ordering: .relaxed) == 1)
        }
    }

    @Test func anAnswerBeforeTheEndOfTheBodyStopsIt() async throws {
        try await withServer(handler: { _ in .text("enough") }) { _, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.post("/", stream: 1), .data([1, 2, 3], stream: 1)])
            let frames = try await client.frames { !Frame.resets($0, stream: 1).isEmpty }
            #expect(Frame.resets(frames, stream: 1) == [HTTP2ErrorCode.noError.rawValue])
            #expect(frames.contains(.data(Array("enough".utf8), stream: 1, end: true)))
        }
    }

    @Test func drainLetsRequestsEndAndSaysGoAwayTwice() async throws {
        let started = Signal()
        let gate = Signal()
        let handler: HTTPHandler = { request in
            started.fire()
            if request.path == "/slow" { await gate.wait() }
            return .text("done")
        }
        try await withServer(handler: handler) { server, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([.get("/slow", stream: 1)])
            await started.wait()
            server.drain()
            let first = try await client.frames { $0.contains { $0.type == 7 } && $0.contains { $0.type == 6 } }
            #expect(Frame.lastStreams(first) == [0x7fff_ffff])
            // Sent before the first GOAWAY could arrive: it is still served.
            try await client.send([.get("/late", stream: 3)])
            await started.wait(count: 2)
            guard let ping = first.first(where: { $0.type == 6 }) else { throw TestFailure("no ping") }
            try await client.send([Frame(type: 6, flags: 1, payload: ping.payload)])
            let second = try await client.frames { Frame.goAways($0).count == 2 }
            #expect(Frame.lastStreams(second) == [0x7fff_ffff, 3])
            gate.fire()
            let all = try await client.framesToEnd()
            for stream: UInt32 in [1, 3] {
                #expect(all.contains(.data(Array("done".utf8), stream: stream, end: true)))
            }
        }
    }
}
