import Synchronization

/// How much of a rate is used: a token bucket as one point in time, in one atomic word (the generic cell rate algorithm).
public struct RateGauge: ~Copyable, Sendable {
    /// Up to when requests are spoken for, in ns of some clock.
    private let spoken = Atomic<Int64>(.min)

    public init() {}

    /// What became of a request.
    public struct Verdict: Sendable, Hashable {
        public var isAllowed: Bool
        /// Requests that may come at once after this one.
        public var remaining: Int64
        /// Seconds until one more may come, or (when it was allowed) until all of them may; rounded up.
        public var seconds: Int64
    }

    /// Takes a place for a request, if there is one.
    ///
    /// - Parameter now: ns of a clock that does not go back.
    public borrowing func take(at now: Int64, _ policy: RatePolicy) -> Verdict {
        let (interval, window) = (policy.interval, policy.windowNanoseconds)
        var known = spoken.load(ordering: .relaxed)
        while true {
            let next = max(known, now) + interval
            guard next - now <= window else {
                return Verdict(isAllowed: false, remaining: 0, seconds: Self.seconds(next - now - window))
            }
            let (done, found) = spoken.weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if done {
                return Verdict(
                    isAllowed: true, remaining: (window - (next - now)) / interval, seconds: Self.seconds(next - now))
            }
            known = found
        }
    }

    /// Whether one more may come; takes nothing.
    public borrowing func look(at now: Int64, _ policy: RatePolicy) -> Verdict {
        let next = max(spoken.load(ordering: .relaxed), now) + policy.interval
        let excess = next - now - policy.windowNanoseconds
        guard excess <= 0 else { return Verdict(isAllowed: false, remaining: 0, seconds: Self.seconds(excess)) }
        return Verdict(isAllowed: true, remaining: 1 - excess / policy.interval, seconds: Self.seconds(next - now))
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}

/// The gauges of one principal, shared by all of its tokens and keys.
public final class PrincipalGauges: Sendable {
    private let read = RateGauge()
    private let write = RateGauge()
    private let start = RateGauge()

    public init() {}

    public func take(_ rateClass: RateClass, at now: Int64, _ policy: RatePolicy) -> RateGauge.Verdict {
        switch rateClass {
        case .read: read.take(at: now, policy)
        case .write: write.take(at: now, policy)
        case .start: start.take(at: now, policy)
        }
    }
}

/// What came to nothing, by the peer's address. Asked only of credentials that are not remembered, so who is signed in
/// already is not shut out by a neighbour behind the same address.
public final class FailureGauges: Sendable {
    private final class Gauge: Sendable { let gauge = RateGauge() }

    /// Addresses that are watched at most; beyond it all are forgiven.
    private static let capacity = 8192
    private let policy: RatePolicy
    private let gauges = Mutex<[String: Gauge]>([:])

    public init(_ policy: RatePolicy) { self.policy = policy }

    /// Seconds until the address may try again; `nil`: now.
    public func pause(of address: String, at now: Int64) -> Int64? {
        guard let known = gauges.withLock({ $0[address] }) else { return nil }
        let verdict = known.gauge.look(at: now, policy)
        return verdict.isAllowed ? nil : verdict.seconds
    }

    public func note(_ address: String, at now: Int64) {
        let gauge = gauges.withLock { gauges in
            if let known = gauges[address] { return known }
            if gauges.count >= Self.capacity { gauges = [:] }
            let made = Gauge()
            gauges[address] = made
            return made
        }
        _ = gauge.gauge.take(at: now, policy)
    }
}
