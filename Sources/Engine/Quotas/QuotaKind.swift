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
    /// Bytes of JSON: inputs of runs, outputs of runs and of steps. New runs are refused while there are more.
    case payloadBytes = 7
    /// Bytes of what steps have written to their logs. New runs are refused while there are more, and lines are not kept.
    case logBytes = 8

    /// As the API, the CLI and metrics write it.
    public var name: String {
        switch self {
        case .submissionsPerSecond: "submissions_per_second"
        case .activeRuns: "active_runs"
        case .pendingSteps: "pending_steps"
        case .concurrentSteps: "concurrent_steps"
        case .workers: "workers"
        case .definitions: "definitions"
        case .payloadBytes: "payload_bytes"
        case .logBytes: "log_bytes"
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
        case .payloadBytes: "bytes of inputs and outputs"
        case .logBytes: "bytes of logs"
        }
    }

    /// What to do when it is used up.
    var remedy: String {
        isStored
            ? "ask for a higher one, or for a shorter retention" : "try again later or ask for a higher one"
    }

    /// Whether it is of what is stored: it comes back when old runs are removed.
    public var isStored: Bool {
        switch self {
        case .payloadBytes, .logBytes: true
        case .submissionsPerSecond, .activeRuns, .pendingSteps, .concurrentSteps, .workers, .definitions: false
        }
    }

    /// The most that a quota of it may be.
    public var most: Int64 { isStored ? 1 << 50 : 1_000_000_000 }

    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}
