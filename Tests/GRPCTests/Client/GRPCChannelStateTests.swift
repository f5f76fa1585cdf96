import Testing

@testable import GRPC

@Suite("A channel's connection")
final class GRPCChannelStateTests {
    private static let start = ContinuousClock.now
    private static let refused = GRPCStatus(.unavailable, "refused")

    private var state = GRPCChannelState<Int>(backoff: GRPCBackoff())

    private func need(at seconds: Double = 0, usable: Bool = true) -> String {
        switch state.need(now: Self.start + .seconds(seconds), isUsable: { _ in usable }) {
        case .use(let connection): "use \(connection)"
        case .connect: "connect"
        case .wait: "wait"
        case .rest(let until, let status): "rest \(until - Self.start) \(status.message)"
        case .closed: "closed"
        }
    }

    @Test("the first call connects, the others wait for it, then all use it")
    func connects() {
        #expect(need() == "connect")
        #expect(need() == "wait")
        #expect(state.isConnecting)
        let kept = state.connected(7)
        #expect(kept)
        #expect(need() == "use 7")
    }

    @Test("a connection that has ended is replaced at once")
    func replaces() {
        _ = need()
        _ = state.connected(7)
        #expect(need(usable: false) == "connect")
        #expect(need() == "wait")
    }

    @Test("rests grow after failures and start anew after a success")
    func rests() {
        _ = need()
        state.failed(Self.refused, now: Self.start, random: 0.5)
        #expect(need(at: 0.9) == "rest 1.0 seconds refused")
        #expect(need(at: 1) == "connect")
        state.failed(Self.refused, now: Self.start, random: 0.5)
        #expect(need(at: 0) == "rest 1.6 seconds refused")
        #expect(need(at: 1.6) == "connect")
        _ = state.connected(8)
        #expect(need(at: 2, usable: false) == "connect")
        state.failed(Self.refused, now: Self.start, random: 0.5)
        #expect(need(at: 0) == "rest 1.0 seconds refused")
    }

    @Test("when the connecting call is cancelled the next one connects")
    func abandoned() {
        _ = need()
        state.abandoned()
        #expect(need() == "connect")
    }

    @Test("a closed channel stays closed, and a connection that comes late is not kept")
    func closes() {
        _ = need()
        let open = state.close()
        #expect(open == nil)
        let kept = state.connected(9)
        #expect(!kept)
        state.failed(Self.refused, now: Self.start, random: 0.5)
        #expect(need() == "closed")
    }

    @Test("closing gives the open connection out")
    func closesOpen() {
        _ = need()
        _ = state.connected(7)
        let (first, second) = (state.close(), state.close())
        #expect(first == 7)
        #expect(second == nil)
    }

    @Test("rests are bounded, jitter included", arguments: [1, 2, 10, 1000], [0, 0.5, 1])
    func bounds(failures: Int, random: Double) {
        let rest = GRPCBackoff().rest(failures: failures, random: random)
        #expect(rest >= .seconds(0.8) && rest <= .seconds(36))
    }
}
