public import Workflows

/// Which run to load, and what of it is known.
public struct RunLoad: Sendable {
    public var key: RunKey
    /// Only transitions with a higher revision are answered.
    public var knownRevision: Int64?

    public init(key: RunKey, knownRevision: Int64?) {
        self.key = key
        self.knownRevision = knownRevision
    }
}

/// A run as committed: the fold of `transitions` over the plan of `flow` is its state.
public struct RunRecord: Sendable {
    public var key: RunKey
    public var flow: FlowVersionID
    public var state: RunLifecycle
    public var revision: Int64
    public var input: [UInt8]
    public var traceparent: String?
    public var parent: RunContext.Parent?
    public var depth: Int32
    public var urgency: Urgency
    public var createdAt: Timestamp
    public var ending: RunEnding?
    /// JSON text of an object of texts.
    public var labels: [UInt8]?
    /// In the order of their revisions.
    public var transitions: [StepTransition]

    public init(
        key: RunKey, flow: FlowVersionID, state: RunLifecycle, revision: Int64, input: [UInt8], traceparent: String?,
        parent: RunContext.Parent? = nil, depth: Int32 = 0, urgency: Urgency = .usual, createdAt: Timestamp,
        ending: RunEnding?, labels: [UInt8]? = nil, transitions: [StepTransition]
    ) {
        self.key = key
        self.flow = flow
        self.state = state
        self.revision = revision
        self.input = input
        self.traceparent = traceparent
        self.parent = parent
        self.depth = depth
        self.urgency = urgency
        self.createdAt = createdAt
        self.ending = ending
        self.labels = labels
        self.transitions = transitions
    }
}
