public import Workflows

/// A step that has failed for good, as the commit that records the failure writes it down.
public struct DeadLetterRow: Sendable {
    public var key: RunKey
    /// The revision of the failure's line: with the run it names the letter.
    public var revision: Int64
    public var step: Int32
    /// The step's name; that of an item has its number too: `each:10003`.
    public var name: String
    /// The attempt that failed; 0 when none did (a deadline, an expression, a child).
    public var attempt: Int32
    /// How often the run had been reopened before.
    public var generation: Int32
    public var flow: FlowVersionID
    public var failure: StepFailure
    /// JSON text: the task's input, where it could be made.
    public var input: [UInt8]?
    public var timing: AttemptTiming
    /// Another run started this one.
    public var isChild: Bool

    public init(
        key: RunKey, revision: Int64, step: Int32, name: String, attempt: Int32, generation: Int32, flow: FlowVersionID,
        failure: StepFailure, input: [UInt8]?, timing: AttemptTiming = AttemptTiming(), isChild: Bool = false
    ) {
        self.key = key
        self.revision = revision
        self.step = step
        self.name = name
        self.attempt = attempt
        self.generation = generation
        self.flow = flow
        self.failure = failure
        self.input = input
        self.timing = timing
        self.isChild = isChild
    }
}

/// A run that had failed and goes on: its dead letters are redriven, and it stands among the ended runs no more.
public struct RunReopened: Sendable, Equatable {
    public var key: RunKey
    /// The revision with which it had ended.
    public var expectedRevision: Int64
    /// Who asked.
    public var by: String

    public init(key: RunKey, expectedRevision: Int64, by: String) {
        self.key = key
        self.expectedRevision = expectedRevision
        self.by = by
    }
}
