/// Where a run stands. Raw values are the database's; `text` is the API's.
public enum RunLifecycle: Int16, Sendable, CaseIterable {
    /// Not yet admitted.
    case queued = 1
    case running = 2
    case paused = 3
    /// Clean-up steps run before the run is cancelled.
    case cancelling = 4
    case succeeded = 5
    case failed = 6
    case cancelled = 7
    case timedOut = 8

    public var isEnded: Bool {
        switch self {
        case .queued, .running, .paused, .cancelling: false
        case .succeeded, .failed, .cancelled, .timedOut: true
        }
    }

    public var text: String {
        switch self {
        case .queued: "queued"
        case .running: "running"
        case .paused: "paused"
        case .cancelling: "cancelling"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .timedOut: "timed_out"
        }
    }

    public init?(text: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
        self = found
    }
}
