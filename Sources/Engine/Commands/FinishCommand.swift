public import Workflows

/// The outcome of one attempt, under its fence.
public struct FinishCommand: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The step's output as JSON text.
        case success([UInt8])
        case failure(StepFailure)
    }

    public var fence: AttemptFence
    public var outcome: Outcome
    /// What is known about the attempt, for its history.
    public var timing: AttemptTiming

    public init(fence: AttemptFence, outcome: Outcome, timing: AttemptTiming = AttemptTiming()) {
        self.fence = fence
        self.outcome = outcome
        self.timing = timing
    }
}

/// When an attempt went through its stations, and where.
public struct AttemptTiming: Sendable, Equatable {
    public var worker: String?
    public var enqueuedAt: Timestamp?
    public var leasedAt: Timestamp?
    public var startedAt: Timestamp?
    /// Lost leases of the step so far.
    public var losses: Int16

    public init(
        worker: String? = nil, enqueuedAt: Timestamp? = nil, leasedAt: Timestamp? = nil, startedAt: Timestamp? = nil,
        losses: Int16 = 0
    ) {
        self.worker = worker
        self.enqueuedAt = enqueuedAt
        self.leasedAt = leasedAt
        self.startedAt = startedAt
        self.losses = losses
    }
}

/// What became of an outcome.
public enum FinishAnswer: Sendable, Hashable {
    /// Durable now.
    case recorded
    /// This very attempt's outcome was recorded before.
    case alreadyRecorded
    /// The attempt no longer counts: its lease was lost, or its run has ended.
    case stale
}
