/// What a tenant may have a quota of.
public enum QuotaKind: Int16, Sendable, CaseIterable, Hashable {
    /// Runs that are submitted within a second, on average; a second's worth may come at once.
    case submissionsPerSecond = 1
    /// Runs that were submitted and have not ended; those that other runs started belong to these.
    case activeRuns = 2
    /// Steps that wait in queues or for limits. New runs are refused while there are more; checked each second.
    case pendingSteps = 3
    /// Steps that are leased to workers at once. More wait in their queues.
    case concurrentSteps = 4
    /// Worker sessions that are alive.
    case workers = 5
    /// Workflows, whatever their versions.
    case definitions = 6

    /// As the API, the CLI and metrics write it.
    public var name: String {
        switch self {
        case .submissionsPerSecond: "submissions_per_second"
        case .activeRuns: "active_runs"
        case .pendingSteps: "pending_steps"
        case .concurrentSteps: "concurrent_steps"
        case .workers: "workers"
        case .definitions: "definitions"
        }
    }

    /// In a sentence: "100 active runs".
    var words: String {
        switch self {
        case .submissionsPerSecond: "submissions a second"
        case .activeRuns: "active runs"
        case .pendingSteps: "pending steps"
        case .concurrentSteps: "concurrent steps"
        case .workers: "workers"
        case .definitions: "workflows"
        }
    }

    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}
