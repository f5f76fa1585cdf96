import Testing
import Workflows

@Suite("Circuit breaker")
struct BreakerTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let rule = BreakerRule(failures: 3, window: .seconds(10), pause: .seconds(5), probes: 2)
    private static let failure = Breaker.Outcome(isFailure: true, leasedAt: start)
    private static let success = Breaker.Outcome(isFailure: false, leasedAt: start)

    private static func open(at now: Timestamp = start) -> Breaker {
        var breaker = Breaker(changedAt: now)
        breaker.record([failure, failure, failure], rule: rule, at: now)
        return breaker
    }

    private static func halfOpen() -> Breaker {
        var breaker = open()
        breaker.advance(to: start + .seconds(5))
        return breaker
    }

    @Test("it opens at the failures of its window, and not at fewer")
    func opens() {
        var breaker = Breaker(changedAt: Self.start)
        breaker.record([Self.failure, Self.success, Self.failure], rule: Self.rule, at: Self.start)
        #expect(breaker.phase == .closed && breaker.window.failures == 2 && breaker.window.successes == 1)
        breaker.record([Self.success], rule: Self.rule, at: Self.start + .seconds(8))
        #expect(breaker.phase == .closed)
        breaker.record([Self.failure], rule: Self.rule, at: Self.start + .seconds(8))
        #expect(breaker.phase == .open(until: Self.start + .seconds(13)))
        #expect(breaker.trips == 1 && breaker.changedAt == Self.start + .seconds(8) && breaker.window.failures == 0)
    }

    @Test("failures leave the window one slice after the other")
    func slides() {
        var breaker = Breaker(changedAt: Self.start)
        breaker.record([Self.failure], rule: Self.rule, at: Self.start)
        breaker.record([Self.failure], rule: Self.rule, at: Self.start + .seconds(4))
        breaker.record([Self.failure], rule: Self.rule, at: Self.start + .seconds(10))
        #expect(breaker.phase == .closed && breaker.window.failures == 2, "the first is ten seconds old")
        breaker.record([Self.failure], rule: Self.rule, at: Self.start + .seconds(100))
        #expect(breaker.window.failures == 1)
        // A clock that was set back neither forgets nor fails.
        breaker.record([Self.failure], rule: Self.rule, at: Self.start + .seconds(50))
        #expect(breaker.window.failures == 2)
    }

    @Test("with a ratio, successes keep it closed", arguments: [(2, true), (3, true), (4, false), (30, false)])
    func ratio(successes: Int, opens: Bool) {
        var rule = Self.rule
        rule.ratio = 0.5
        var breaker = Breaker(changedAt: Self.start)
        breaker.record(Array(repeating: Self.success, count: successes), rule: rule, at: Self.start)
        breaker.record([Self.failure, Self.failure, Self.failure], rule: rule, at: Self.start)
        #expect(breaker.phase.isClosed == !opens)
    }

    @Test("its time makes it half-open, and not before")
    func halfOpens() {
        var breaker = Self.open()
        breaker.advance(to: Self.start + .seconds(5) + .microseconds(-1))
        #expect(breaker.phase == .open(until: Self.start + .seconds(5)))
        breaker.advance(to: Self.start + .seconds(5))
        #expect(breaker.phase == .halfOpen(passed: 0) && breaker.changedAt == Self.start + .seconds(5))
    }

    @Test("while it is half-open only probes count: as many successes close it, one failure opens it")
    func probes() {
        let probe = Self.start + .seconds(5)
        var breaker = Self.halfOpen()
        let later = Self.start + .seconds(6)
        breaker.record([Self.failure, Self.success, .init(isFailure: true, leasedAt: nil)], rule: Self.rule, at: later)
        #expect(breaker.phase == .halfOpen(passed: 0), "leased before, or nobody knows when")
        breaker.record([.init(isFailure: false, leasedAt: probe)], rule: Self.rule, at: later)
        #expect(breaker.phase == .halfOpen(passed: 1))
        var other = breaker
        breaker.record([.init(isFailure: false, leasedAt: later)], rule: Self.rule, at: later)
        #expect(breaker.phase == .closed && breaker.changedAt == later && breaker.trips == 1)
        other.record(
            [.init(isFailure: false, leasedAt: later), .init(isFailure: true, leasedAt: later)], rule: Self.rule,
            at: later)
        #expect(other.phase == .open(until: later + .seconds(5)) && other.trips == 2)
    }

    /// What can happen to it.
    enum Event: CaseIterable, Sendable {
        case failures, success, time, trip, reset
    }

    @Test("every event in every phase", arguments: Event.allCases)
    func walk(event: Event) {
        let now = Self.start + .seconds(20)
        func after(_ breaker: Breaker) -> Breaker.Phase {
            var breaker = breaker
            switch event {
            case .failures:
                breaker.record(
                    Array(repeating: .init(isFailure: true, leasedAt: now), count: 3), rule: Self.rule, at: now)
            case .success: breaker.record([.init(isFailure: false, leasedAt: now)], rule: Self.rule, at: now)
            case .time: breaker.advance(to: now)
            case .trip: breaker.trip(for: nil, at: now)
            case .reset: breaker.reset(at: now)
            }
            return breaker.phase
        }
        var tripped = Breaker(changedAt: Self.start)
        tripped.trip(for: nil, at: Self.start)
        let found = [after(Breaker(changedAt: Self.start)), after(Self.open()), after(Self.halfOpen()), after(tripped)]
        let open = Breaker.Phase.open(until: Self.start + .seconds(5))
        let again = Breaker.Phase.open(until: now + .seconds(5))
        let byHand = Breaker.Phase.open(until: nil)
        let expected: [Breaker.Phase] =
            switch event {
            case .failures: [again, open, again, byHand]
            case .success: [.closed, open, .halfOpen(passed: 1), byHand]
            case .time: [.closed, .halfOpen(passed: 0), .halfOpen(passed: 0), byHand]
            case .trip: [byHand, byHand, byHand, byHand]
            case .reset: [.closed, .closed, .closed, .closed]
            }
        #expect(found == expected)
    }

    @Test("bad input, cancels and lost workers are nobody's failures")
    func kinds() {
        let counted = StepFailure.Kind.allCases.filter(\.countsForBreakers)
        #expect(counted == [.error, .timeout, .resource])
    }

    @Test("a window that is not one is empty")
    func stored() {
        var window = OutcomeWindow()
        window.add(failures: 2, successes: 3, at: Self.start, window: .seconds(10))
        #expect(OutcomeWindow(counts: window.counts, newest: window.newest) == window)
        #expect(OutcomeWindow(counts: [1, 2, 3], newest: 7).failures == 0)
        window.add(failures: .max, successes: .max, at: Self.start, window: .seconds(10))
        #expect(window.failures == Int64(Int32.max), "a count that is full stays so")
    }
}
