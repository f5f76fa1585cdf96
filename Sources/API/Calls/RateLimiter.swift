import Access
import HTTP

/// Holds callers to the node's rate limits: a principal by class of its requests, an address by what it gets wrong.
///
/// A request costs one reading of the clock and one atomic exchange. Answers say how much is left from the half on
/// (`RateLimit`, `RateLimit-Policy`: draft-ietf-httpapi-ratelimit-headers).
final class RateLimiter: Sendable {
    private let policies: [RatePolicy?]
    private let failures: FailureGauges
    private let start = ContinuousClock.now

    init(_ policies: RatePolicies) {
        self.policies = RateClass.allCases.map { policies.classes[$0] }
        failures = FailureGauges(policies.failures)
    }

    /// ns since this was made.
    private var now: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Counts a request.
    ///
    /// - Returns: what its answer says, when it comes close to the limit.
    /// - Throws: 429 `rate_limited`.
    func admit(_ identity: Identity, _ rateClass: RateClass) throws(Problem) -> HTTPFields? {
        guard let policy = policies[rateClass.rawValue] else { return nil }
        let verdict = identity.gauges.take(rateClass, at: now, policy)
        if verdict.isAllowed, verdict.remaining * 2 >= policy.limit { return nil }
        let fields = Self.fields(rateClass, policy, verdict)
        guard verdict.isAllowed else {
            var problem = Problem(
                429, "rate_limited",
                "More than \(policy.limit) \(rateClass.name) requests of this principal within \(policy.window) s; slow down.",
                fields: fields)
            problem.fields["retry-after"] = String(max(1, verdict.seconds))
            throw problem
        }
        return fields
    }

    private static func fields(
        _ rateClass: RateClass, _ policy: RatePolicy, _ verdict: RateGauge.Verdict
    ) -> HTTPFields {
        [
            "ratelimit-policy": "\"\(rateClass.name)\";q=\(policy.limit);w=\(policy.window)",
            "ratelimit": "\"\(rateClass.name)\";r=\(verdict.remaining);t=\(verdict.seconds)",
        ]
    }

    // MARK: Failures

    /// Whether this address may try a credential that nobody knows yet.
    ///
    /// - Throws: 429 `too_many_failures`.
    func checkFailures(of request: HTTPRequest) throws(Problem) {
        guard let pause = failures.pause(of: Self.address(request.peer), at: now) else { return }
        throw Problem(
            429, "too_many_failures",
            "Too many tokens, keys or codes from this address were refused; try again in \(pause) s with a valid one.",
            fields: ["retry-after": String(max(1, pause))])
    }

    func noteFailure(of request: HTTPRequest) { failures.note(Self.address(request.peer), at: now) }

    /// The address without its port; of IPv6 the network (/64), because a host has all of it.
    static func address(_ peer: String) -> String {
        guard let colon = peer.lastIndex(of: ":") else { return peer }
        let host = peer[..<colon]
        guard host.first == "[" else { return String(host) }
        let groups = host.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
        // A shortened address: what stands before `::` is as much of the network as it says.
        let network = groups.prefix(4).prefix { !$0.isEmpty }
        return network.isEmpty ? String(host) : network.joined(separator: ":")
    }
}
