import JSON

/// How often steps of one key may start, as a definition says it: a token bucket.
public struct RateLimit: Hashable, Sendable {
    /// A template; steps whose keys are equal share the rate. Without one, all runs of the step do.
    public var key: String?
    /// Starts in each period, in the long run.
    public var limit: Int32
    public var per: Duration
    /// Starts that may follow each other at once after a pause; the limit, unless it is said.
    public var burst: Int32
    public var scope: LimitScope

    public static let periods: ClosedRange<Duration> = .milliseconds(1) ... .seconds(31 * 86_400)

    public init(
        key: String? = nil, limit: Int32, per: Duration, burst: Int32? = nil, scope: LimitScope = .workflow
    ) {
        self.key = key
        self.limit = limit
        self.per = per
        self.burst = burst ?? limit
        self.scope = scope
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = []
        if let key { members.append(("key", .string(key))) }
        members.append(("limit", .int(Int64(limit))))
        members.append(("per", .string(per.shortText)))
        if burst != limit { members.append(("burst", .int(Int64(burst)))) }
        if scope != .workflow { members.append(("scope", .string(scope.rawValue))) }
        return .object(members)
    }
}
