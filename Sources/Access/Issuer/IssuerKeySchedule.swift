/// When an issuer's keys are fetched, and how long they are taken while they cannot be. Pure; times are seconds since
/// 1970.
public struct IssuerKeySchedule: Sendable, Equatable {
    /// Between two fetches when all is well, unless the answer says how long it is fresh.
    public static let period: Int64 = 900
    /// What an answer's own words (`cache-control: max-age`) are held within.
    public static let periods: ClosedRange<Int64> = 60...3600
    /// Between two fetches because of unknown keys: whoever invents key names makes no more of them.
    public static let pause: Int64 = 10
    /// After failures in a row: 2, 4, 8 … seconds, at most this.
    public static let longestRetry: Int64 = 60
    /// How long keys are taken after they were last seen at the issuer.
    public static let bound: Int64 = 24 * 3600

    private var fetchedAt: Int64?
    private var triedAt: Int64?
    private var failures = 0
    private var freshFor = Self.period

    public init() {}

    /// Whether a token with an unknown key may cause a fetch now.
    public func mayFetch(now: Int64) -> Bool {
        guard let triedAt else { return true }
        // A clock that was set back must not end fetching.
        return now >= triedAt + Self.pause || now < triedAt
    }

    /// Whether the keys that are there may be taken still.
    public func mayUse(now: Int64) -> Bool {
        guard let fetchedAt else { return false }
        return now < fetchedAt + Self.bound
    }

    /// When to fetch next without being asked.
    public func next(now: Int64) -> Int64 {
        guard let triedAt, triedAt <= now else { return now }
        guard failures > 0 else { return triedAt + freshFor }
        return triedAt + min(1 << Int64(min(failures, 6)), Self.longestRetry)
    }

    public mutating func began(now: Int64) { triedAt = now }

    /// - Parameter maxAge: what the answer said, in seconds.
    public mutating func succeeded(now: Int64, maxAge: Int64?) {
        (fetchedAt, failures) = (now, 0)
        freshFor = maxAge.map { min(max($0, Self.periods.lowerBound), Self.periods.upperBound) } ?? Self.period
    }

    public mutating func failed() { failures += 1 }

    /// `max-age` of a `cache-control` field (RFC 9111 §5.2.2.1).
    public static func maxAge(_ field: String?) -> Int64? {
        for directive in (field ?? "").split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }).lowercased() == "max-age" else { continue }
            return Int64(parts[1].filter { $0 != " " && $0 != "\"" })
        }
        return nil
    }
}
