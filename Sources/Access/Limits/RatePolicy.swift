/// So many requests within a window; all of them may come at once.
public struct RatePolicy: Sendable, Hashable {
    /// Requests in a window; at least one.
    public var limit: Int64
    /// Seconds; at least one.
    public var window: Int64

    public init(limit: Int64, window: Int64) {
        precondition(limit > 0 && window > 0)
        self.limit = limit
        self.window = window
    }

    /// How long one request takes up, in ns.
    var interval: Int64 { max(1, window * 1_000_000_000 / limit) }
    var windowNanoseconds: Int64 { window * 1_000_000_000 }
}

/// Requests that share a limit of their principal.
public enum RateClass: Int, Sendable, CaseIterable {
    case read
    /// Whatever changes something, but for submissions.
    case write
    /// Submissions of runs: usually left to the tenant's quota.
    case start

    /// As headers and settings write it.
    public var name: String {
        switch self {
        case .read: "read"
        case .write: "write"
        case .start: "start"
        }
    }

    public init(_ rule: AccessRule) {
        switch rule.action {
        case .startRuns: self = .start
        case nil, .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview,
            .readMetrics,
            .readSystem, .readKeys, .readSecrets, .readRoles, .readAudit:
            self = .read
        default: self = .write
        }
    }
}

/// What a node lets one principal do, by class, and one address get wrong. A class without a policy is unlimited.
public struct RatePolicies: Sendable, Hashable {
    public var classes: [RateClass: RatePolicy] = [
        .read: RatePolicy(limit: 10_000, window: 10), .write: RatePolicy(limit: 5_000, window: 10),
    ]
    /// Tokens, keys and sign-in codes that were refused, by the peer's address.
    public var failures = RatePolicy(limit: 300, window: 60)

    public init() {}

    public struct Malformed: Error, CustomStringConvertible {
        public var description: String
    }

    /// Reads `read=1000/10s,write=none,start=500/1s,failures=60/60s`; what is not named stays as it is by itself.
    public init(_ text: String) throws(Malformed) {
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2 else { throw Self.malformed(part) }
            let policy = sides[1] == "none" ? nil : try Self.policy(sides[1], in: part)
            if let named = RateClass.allCases.first(where: { $0.name == sides[0] }) {
                classes[named] = policy
            } else if sides[0] == "failures", let policy {
                failures = policy
            } else {
                throw Self.malformed(part)
            }
        }
    }

    private static func policy(_ text: String, in part: Substring) throws(Malformed) -> RatePolicy {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let limit = Int64(sides[0]), (1...1_000_000_000).contains(limit), sides[1].last == "s",
            let window = Int64(sides[1].dropLast()), (1...86_400).contains(window)
        else { throw malformed(part) }
        return RatePolicy(limit: limit, window: window)
    }

    private static func malformed(_ part: Substring) -> Malformed {
        Malformed(
            description:
                "the rate limit \"\(part)\" is none; write it as read=1000/10s, write=none, start=500/1s or failures=60/60s"
        )
    }
}
