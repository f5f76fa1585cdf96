/// A circuit breaker: it stops attempts at something that keeps failing, and tries it now and then.
///
///     closed ──failures──▶ open ──time──▶ half-open ──successes──▶ closed
///                           ▲                 │
///                           └─────failure─────┘
public struct Breaker: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        /// Attempts start; their outcomes are counted.
        case closed
        /// None starts until then; `nil`: until somebody resets it.
        case open(until: Timestamp?)
        /// A few start at once; so many have succeeded.
        case halfOpen(passed: Int32)
    }

    /// An outcome that says something of what was tried.
    public struct Outcome: Hashable, Sendable {
        public var isFailure: Bool
        /// When the attempt was handed out; only one that was after the breaker became half-open is a probe.
        public var leasedAt: Timestamp?

        public init(isFailure: Bool, leasedAt: Timestamp?) {
            self.isFailure = isFailure
            self.leasedAt = leasedAt
        }
    }

    public private(set) var phase: Phase
    public private(set) var window: OutcomeWindow
    /// When the phase began.
    public private(set) var changedAt: Timestamp
    /// How often it has opened.
    public private(set) var trips: Int64

    public init(changedAt: Timestamp) {
        self.init(phase: .closed, window: OutcomeWindow(), changedAt: changedAt, trips: 0)
    }

    public init(phase: Phase, window: OutcomeWindow, changedAt: Timestamp, trips: Int64) {
        self.phase = phase
        self.window = window
        self.changedAt = changedAt
        self.trips = trips
    }

    /// Attempts have ended. Those of a time when the breaker was open say nothing new.
    public mutating func record(_ outcomes: [Outcome], rule: BreakerRule, at now: Timestamp) {
        switch phase {
        case .closed:
            let failures = outcomes.count { $0.isFailure }
            window.add(
                failures: Int32(clamping: failures), successes: Int32(clamping: outcomes.count - failures), at: now,
                window: rule.window)
            if failures > 0, trips(rule) { open(rule, at: now) }
        case .open: break
        case .halfOpen(let passed):
            let probes = outcomes.filter { $0.leasedAt.map { $0 >= changedAt } ?? false }
            if probes.contains(where: \.isFailure) {
                open(rule, at: now)
            } else {
                let passed = passed + Int32(clamping: probes.count)
                if passed >= rule.probes { close(at: now) } else { phase = .halfOpen(passed: passed) }
            }
        }
    }

    /// The time of an open breaker may have passed.
    public mutating func advance(to now: Timestamp) {
        guard case .open(let until?) = phase, until <= now else { return }
        phase = .halfOpen(passed: 0)
        changedAt = now
    }

    /// Somebody opens it by hand.
    ///
    /// - Parameter time: `nil`: until somebody resets it.
    public mutating func trip(for time: Duration?, at now: Timestamp) { open(until: time.map { now + $0 }, at: now) }

    /// Somebody closes it; what was counted is forgotten.
    public mutating func reset(at now: Timestamp) { close(at: now) }

    private func trips(_ rule: BreakerRule) -> Bool {
        guard window.failures >= Int64(rule.failures) else { return false }
        guard let ratio = rule.ratio else { return true }
        return Double(window.failures) >= ratio * Double(window.failures + window.successes)
    }

    private mutating func open(_ rule: BreakerRule, at now: Timestamp) { open(until: now + rule.pause, at: now) }

    private mutating func open(until: Timestamp?, at now: Timestamp) {
        phase = .open(until: until)
        window = OutcomeWindow()
        changedAt = now
        trips += 1
    }

    private mutating func close(at now: Timestamp) {
        if phase != .closed { changedAt = now }
        phase = .closed
        window = OutcomeWindow()
    }
}

extension Breaker.Phase {
    /// Attempts start as they come.
    public var isClosed: Bool { self == .closed }

    /// Stable, for programs.
    public var text: String {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half_open"
        }
    }
}

extension StepFailure.Kind {
    /// Whether such a failure may be the fault of what was tried; bad input, cancels and lost workers are not.
    public var countsForBreakers: Bool {
        switch self {
        case .error, .timeout, .resource: true
        case .cancelled, .lost, .invalid, .expression, .skipped, .quarantined: false
        }
    }
}
