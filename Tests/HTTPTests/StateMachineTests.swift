import NIOCore
import Testing

@testable import HTTP

@Suite("HTTPBodyWriter's state")
struct HTTPBodyWriterStateTests {
    private let limits = HTTPBodyWriter.Limits(high: 10, low: 5, capacity: 20, urgentCapacity: 40)

    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }

    private func drain(_ state: inout HTTPBodyWriter.State, _ count: Int) -> HTTPBodyWriter.Drained {
        var target = [UInt8](repeating: 0, count: count)
        return unsafe target.withUnsafeMutableBytes { unsafe state.drain(into: $0).0 }
    }

    @Test func signalsOnceUntilDrained() {
        var state = HTTPBodyWriter.State(limits: limits)
        #expect(state.offer(bytes(3)) == .accepted(signal: true))
        #expect(state.offer(bytes(3)) == .accepted(signal: false))
        #expect(drain(&state, 4) == .init(count: 4))
        #expect(state.buffered == 2)
        #expect(state.offer(bytes(1)) == .accepted(signal: false), "the sink still has octets to fetch")
        #expect(drain(&state, 100) == .init(count: 3))
        #expect(drain(&state, 100) == .init(count: 0))
        #expect(state.offer(bytes(1)) == .accepted(signal: true))
    }

    @Test func offersAreBounded() {
        var state = HTTPBodyWriter.State(limits: limits)
        #expect(state.offer(bytes(20)) == .accepted(signal: true))
        #expect(state.offer(bytes(1)) == .refused)
        #expect(state.buffered == 20)
        _ = drain(&state, 1)
        #expect(state.offer(bytes(1)) == .accepted(signal: false))
    }

    @Test func urgentOffersHaveRoomOfTheirOwn() {
        var state = HTTPBodyWriter.State(limits: limits)
        #expect(state.offer(bytes(20)) == .accepted(signal: true))
        #expect(state.offer(bytes(1)) == .refused)
        #expect(state.offer(bytes(20), urgent: true) == .accepted(signal: false))
        #expect(state.offer(bytes(1), urgent: true) == .refused, "that room is bounded, too")
        #expect(state.buffered == 40)
    }

    @Test func theEndComesAfterTheOctets() {
        var state = HTTPBodyWriter.State(limits: limits)
        _ = state.offer(bytes(3))
        #expect(state.finish(trailers: ["a": "b"]) == false)
        #expect(state.offer(bytes(1)) == .refused)
        #expect(drain(&state, 2) == .init(count: 2))
        #expect(drain(&state, 2) == .init(count: 1, ended: true, trailers: ["a": "b"]))
    }

    @Test func aFailureDropsEverything() {
        var state = HTTPBodyWriter.State(limits: limits)
        _ = state.offer(bytes(3))
        #expect(state.fail(CancellationError()).isEmpty)
        #expect(state.buffered == 0 && state.isOver)
        guard case .failed = state.write(bytes(1)) else {
            Issue.record("a failed writer took octets")
            return
        }
    }

    @Test func discardingKeepsAPieceThatHasBegunToLeave() {
        var state = HTTPBodyWriter.State(limits: limits)
        _ = state.offer(bytes(4))
        _ = state.offer(bytes(4))
        _ = drain(&state, 1)
        #expect(state.discardWhole().isEmpty)
        #expect(state.buffered == 3)
    }
}

@Suite("HTTPBody's state")
struct HTTPBodyStateTests {
    private func receive(_ state: inout HTTPBody.State, _ text: String) -> Bool {
        unsafe Array(text.utf8).withUnsafeBytes { unsafe state.receive($0).accepted }
    }

    @Test func deliversWhatCameBeforeTheEnd() {
        var state = HTTPBody.State()
        #expect(receive(&state, "ab"))
        #expect(receive(&state, "cd"))
        _ = state.finish(trailers: ["t": "1"])
        guard case .bytes(let bytes) = state.take() else {
            Issue.record("no octets")
            return
        }
        #expect(String(buffer: bytes) == "abcd")
        guard case .end = state.take() else {
            Issue.record("no end")
            return
        }
        #expect(state.trailers == ["t": "1"])
        #expect(!receive(&state, "x"), "nothing comes after the end")
    }

    @Test func aFailureHidesHalfAMessage() {
        var state = HTTPBody.State()
        _ = receive(&state, "half")
        _ = state.fail(HTTPTransportError(.violation, "cut"))
        guard case .failed = state.take() else {
            Issue.record("half a message was delivered")
            return
        }
    }

    @Test func anAbandonedBodyCountsWhatItDrops() {
        var state = HTTPBody.State()
        _ = receive(&state, "four")
        #expect(state.abandon() == 4)
        #expect(!receive(&state, "more"))
    }
}

@Suite("Limits of time and rate")
struct LimitsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func deadlines(waitsForHead: Bool = false) -> ConnectionDeadlines {
        var limits = HTTPLimits()
        limits.headerTimeout = .seconds(10)
        limits.idleTimeout = .seconds(100)
        limits.keepAlive = .seconds(30)
        limits.keepAliveTimeout = .seconds(20)
        return ConnectionDeadlines(limits: limits, now: start, waitsForHead: waitsForHead)
    }

    @Test func anIdleConnectionCloses() {
        var deadlines = deadlines()
        let check = { (deadlines: inout ConnectionDeadlines, seconds: Int64) in
            deadlines.check(now: start + .seconds(seconds), headBegan: nil, streams: 0, keepsAlive: false)
        }
        #expect(check(&deadlines, 99) == .nothing)
        #expect(check(&deadlines, 100) == .closeIdle)
    }

    @Test func aQuietStreamIsPingedThenGivenUp() {
        var deadlines = deadlines()
        let check = { (deadlines: inout ConnectionDeadlines, seconds: Int64) in
            deadlines.check(now: start + .seconds(seconds), headBegan: nil, streams: 1, keepsAlive: true)
        }
        #expect(check(&deadlines, 29) == .nothing)
        #expect(check(&deadlines, 30) == .ping)
        #expect(check(&deadlines, 49) == .nothing)
        #expect(check(&deadlines, 50) == .closeLate("a ping was not answered"))
        deadlines.received(now: start + .seconds(51))
        #expect(check(&deadlines, 80) == .nothing)
        #expect(check(&deadlines, 81) == .ping)
    }

    @Test func looksAgainWhenSomethingIsDue() {
        var deadlines = deadlines()
        let next = { (deadlines: ConnectionDeadlines, seconds: Int64, streams: Int) in
            deadlines.next(now: start + .seconds(seconds), headBegan: nil, streams: streams, keepsAlive: streams > 0)
        }
        #expect(next(deadlines, 0, 0) == start + .seconds(10))
        #expect(next(deadlines, 50, 0) == start + .seconds(60), "an idle connection is no busy loop")
        #expect(next(deadlines, 95, 0) == start + .seconds(100))
        #expect(next(deadlines, 25, 1) == start + .seconds(30))
        _ = deadlines.check(now: start + .seconds(30), headBegan: nil, streams: 1, keepsAlive: true)
        #expect(next(deadlines, 45, 1) == start + .seconds(50))
    }

    @Test func aHeadMustBecomeComplete() {
        var deadlines = deadlines(waitsForHead: true)
        #expect(
            deadlines.check(now: start + .seconds(10), headBegan: nil, streams: 0, keepsAlive: false)
                == .closeLate("no request came"))
        deadlines.gotHead()
        #expect(
            deadlines.check(now: start + .seconds(20), headBegan: start + .seconds(11), streams: 1, keepsAlive: true)
                == .nothing)
        #expect(
            deadlines.check(now: start + .seconds(21), headBegan: start + .seconds(11), streams: 1, keepsAlive: true)
                == .closeLate("a head was begun and not finished"))
    }

    @Test func aBucketRefills() {
        var bucket = TokenBucket(burst: 2, perSecond: 1, now: start)
        let times: [TimeAmount] = [
            .zero, .zero, .zero, .milliseconds(900), .milliseconds(1_100), .seconds(100), .seconds(100), .seconds(100),
        ]
        var answers: [Bool] = []
        for time in times { answers.append(bucket.take(now: start + time)) }
        #expect(answers == [true, true, false, false, true, true, true, false])
    }
}

@Suite("Reading requests")
struct RequestReadingTests {
    @Test(
        "targets",
        arguments: [
            ("/a/b?c=d?e", "/a/b", "c=d?e", String?.none), ("/", "/", nil, nil), ("*", "*", nil, nil),
            ("/a?", "/a", "", nil), ("http://h:1/x?y", "/x", "y", "h:1"), ("https://h", "/", nil, "h"),
            ("http://h?q", "/", "q", "h"),
        ])
    func target(_ uri: String, _ path: String, _ query: String?, _ authority: String?) {
        let target = HTTP1RequestRules.target(uri)
        #expect(target.path == path && target.query == query && target.authority == authority)
    }

    @Test("versions by their first octets")
    func sniffs() {
        #expect(ProtocolSniffer.version(of: Array("PRI ".utf8)) == .http2)
        #expect(ProtocolSniffer.version(of: Array("PRI".utf8)) == nil)
        #expect(ProtocolSniffer.version(of: [UInt8]()) == nil)
        #expect(ProtocolSniffer.version(of: Array("PUT ".utf8)) == .http1)
        #expect(ProtocolSniffer.version(of: Array("G".utf8)) == .http1)
    }

    @Test func datesAreIMFFixdates() {
        #expect(HTTPDate.format(second: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
