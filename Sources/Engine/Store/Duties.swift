public import Workflows

/// Timers that fell due.
public struct FiredTimers: Sendable {
    /// Buckets that received tokens.
    public var ready: [ReadyBucket]
    /// Runs whose deadline has passed.
    public var deadlines: [RunKey]
    /// Steps that are due: their waits, or their deadlines.
    public var dues: [StepKey]
    /// When the next timer falls due, if any is known.
    public var next: Timestamp?

    public init(ready: [ReadyBucket], deadlines: [RunKey], dues: [StepKey] = [], next: Timestamp?) {
        self.ready = ready
        self.deadlines = deadlines
        self.dues = dues
        self.next = next
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
    }

    public var id: InboxID
    public var command: Command

    public init(id: InboxID, command: Command) {
        self.id = id
        self.command = command
    }
}
