public import Workflows

/// Timers that fell due.
public struct FiredTimers: Sendable {
    /// Buckets that received tokens.
    public var ready: [ReadyBucket]
    /// Runs whose deadline has passed.
    public var deadlines: [RunKey]
    /// Steps that are due: their waits, or their deadlines.
    public var dues: [StepKey]
    /// Deadlines and dues that were told are told again after so long, unless they were applied meanwhile: else every node
    /// would apply each of them, and all but one lose their races.
    public static let retelling: Duration = .seconds(2)
    /// When the next timer falls due, if any is known.
    public var next: Timestamp?
    /// Tokens that need a slot now wait for it: these limits are to be looked at (`LimitStore.admit`).
    public var limits: [LimitID]
    /// To runs whose time to start has come; durable, to be applied as soon as may be.
    public var messages: [InboxMessage]

    public init(
        ready: [ReadyBucket], deadlines: [RunKey], dues: [StepKey] = [], next: Timestamp?, limits: [LimitID] = [],
        messages: [InboxMessage] = []
    ) {
        self.ready = ready
        self.deadlines = deadlines
        self.dues = dues
        self.next = next
        self.limits = limits
        self.messages = messages
    }
}

/// A durable message to a run.
public struct InboxID: Hashable, Sendable {
    public var key: RunKey
    public var id: RunID.Bytes

    public init(key: RunKey, id: RunID.Bytes) {
        self.key = key
        self.id = id
    }
}

public struct InboxMessage: Sendable, Equatable {
    public enum Command: Sendable, Equatable {
        case cancel(reason: String)
        case signal(RunSignal)
        /// To a parent: the child of one of its steps has ended.
        case childEnded(step: Int32, ChildOutcome)
        /// Addressed to the parent, whose commit wrote it: its child is to be started.
        case startChild(ChildStart)
        /// The run has got its slot: it starts.
        case admit
        /// Addressed to the run whose commit wrote it: the outcome of another step is to be looked for.
        case seek(OutcomeRequest)
    }

    public var id: InboxID
    public var command: Command

    public init(id: InboxID, command: Command) {
        self.id = id
        self.command = command
    }
}
