public import Workflows

/// A step that waits for people to decide.
public struct WaitingApproval: Sendable, Hashable {
    public var step: StepKey
    /// What an approver is shown; empty without a message.
    public var message: String
    public var since: Timestamp

    public init(step: StepKey, message: String, since: Timestamp) {
        self.step = step
        self.message = message
        self.since = since
    }
}

/// Where a page of approvals ended, in the order of `since`, run and step.
public struct ApprovalPosition: Sendable, Hashable {
    public var since: Timestamp
    public var run: RunID
    public var step: Int32

    public init(since: Timestamp, run: RunID, step: Int32) {
        self.since = since
        self.run = run
        self.step = step
    }
}
