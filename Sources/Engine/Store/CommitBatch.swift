public import Audit
public import Workflows

/// The net row effects of many commands on many runs, written as one set-based transaction.
///
/// A batch holds at most one `start` or `advance` for a run. Everything else of a run is written only together with
/// that row: a run whose revision moved on writes nothing.
public struct CommitBatch: Sendable {
    public var id: BatchID
    public var starts: [RunStart] = []
    public var advances: [RunAdvance] = []
    /// Attempts that end in this batch; each must still be leased to its session, else its run is excluded as stale.
    public var finishes: [AttemptFence] = []
    /// Appended to `steps`, stamped with the run's new revision.
    public var transitions: [TransitionRow] = []
    /// New tokens in `ready`, or in `attempts` where a lease is asked for and granted (the fast path).
    public var ready: [ReadyRow] = []
    /// New tokens that need a slot of a limit.
    public var held: [HeldRow] = []
    /// New runs that wait for their time to start.
    public var delayed: [DelayedStart] = []
    /// Slots that are given back, each to be handed on in the same transaction.
    public var releases: [LimitRelease] = []
    /// Runs that were let in and start with this batch: their own token goes.
    public var admitted: [RunKey] = []
    /// New tokens in `timers` (retries), and run deadlines.
    public var timers: [TimerRow] = []
    /// New tokens in `waits`.
    public var waits: [WaitRow] = []
    /// New tokens of paused runs. When the run is resumed they go where they would have gone, and not before they are due.
    public var parked: [TimerRow] = []
    /// Tokens in `waits` whose wait is over.
    public var endedWaits: [StepKey] = []
    /// Due times of steps that are put off.
    public var movedDues: [TimerRow] = []
    /// Due times of steps that go.
    public var clearedDues: [StepKey] = []
    /// Tokens that go before their time, of whole runs or of some steps.
    public var drops: [TokenDrop] = []
    /// Runs whose tokens a pause holds, or a resume frees.
    public var pauses: [RunPause] = []
    /// Messages to other runs, each written with the run that sends it.
    public var posts: [InboxPost] = []
    /// What steps that end leave under their keys, each written with its run. Whoever waits for such a key gets a message.
    public var sharedOutcomes: [OutcomeRow] = []
    /// Keys that are free again, whatever becomes of the runs of this batch.
    public var freedOutcomes: [OutcomeRow] = []
    /// Run timers that this batch has applied.
    public var firedRunTimers: [RunKey] = []
    /// Queues under whose limits this batch frees places; told to all nodes as a wake of any route.
    public var freed: Set<TenantQueue> = []
    /// What ended attempts tell breakers.
    public var outcomes: [BreakerOutcome] = []
    /// Inbox messages that this batch has applied.
    public var appliedInbox: [InboxID] = []
    /// Steps that have failed for good.
    public var deadLetters: [DeadLetterRow] = []
    /// Runs that had failed and go on.
    public var reopened: [RunReopened] = []
    /// What people have done to runs, for the audit log; each written with its run.
    public var audit: [AuditedChange] = []
    /// Starts and ends of tenants whose active runs are limited, counted by the holder.
    public var counted: [CountedRun] = []
    public var holder: QuotaHolder?

    public init(id: BatchID) { self.id = id }
}

/// A new run. Refused as a duplicate when its idempotency key or its run id is taken.
public struct RunStart: Sendable {
    public var key: RunKey
    public var flow: FlowVersionID
    /// The lifecycle after the batch (a run may end in the batch that starts it).
    public var state: RunLifecycle
    public var revision: Int64
    /// The run's input as JSON text.
    public var input: [UInt8]
    public var idempotency: IdempotencyRecord?
    /// W3C `traceparent` of the submission.
    public var traceparent: String?
    public var labels: [UInt8]?
    /// The step of another run that started it, and how many levels it is below the first.
    public var parent: RunContext.Parent?
    public var depth: Int32
    /// The run that this one repeats.
    public var origin: RunID?
    /// What the request said of the run's place in queues.
    public var urgency: Urgency
    /// When a run ends in the batch that starts it.
    public var ending: RunEnding?
    /// This run's part of its tenant's event row: JSON text as `EventFragment` writes it.
    public var event: [UInt8]

    public init(
        key: RunKey, flow: FlowVersionID, state: RunLifecycle, revision: Int64, input: [UInt8],
        idempotency: IdempotencyRecord?, traceparent: String?, labels: [UInt8]?,
        parent: RunContext.Parent? = nil, depth: Int32 = 0, origin: RunID? = nil, urgency: Urgency = .usual,
        ending: RunEnding?, event: [UInt8]
    ) {
        self.key = key
        self.flow = flow
        self.state = state
        self.revision = revision
        self.input = input
        self.idempotency = idempotency
        self.traceparent = traceparent
        self.labels = labels
        self.parent = parent
        self.depth = depth
        self.origin = origin
        self.urgency = urgency
        self.ending = ending
        self.event = event
    }
}

/// A key under which a submission happens at most once.
public struct IdempotencyRecord: Sendable, Hashable {
    public var key: String
    /// SHA-256 of the request's canonical body: the same key with another body is a conflict.
    public var digest: [UInt8]
    public var lifetime: Duration

    public init(key: String, digest: [UInt8], lifetime: Duration) {
        self.key = key
        self.digest = digest
        self.lifetime = lifetime
    }
}

/// The compare-and-set of an existing run.
public struct RunAdvance: Sendable {
    public var key: RunKey
    public var expectedRevision: Int64
    public var revision: Int64
    public var state: RunLifecycle
    public var ending: RunEnding?
    public var event: [UInt8]

    public init(
        key: RunKey, expectedRevision: Int64, revision: Int64, state: RunLifecycle, ending: RunEnding?, event: [UInt8]
    ) {
        self.key = key
        self.expectedRevision = expectedRevision
        self.revision = revision
        self.state = state
        self.ending = ending
        self.event = event
    }
}

/// What a run leaves when it ends.
public struct RunEnding: Sendable {
    /// The run's output as JSON text.
    public var output: [UInt8]?
    public var failure: StepFailure?
    /// Whether the run may have a deadline in `timers`, which then goes with it. Say no where it is known that it has
    /// none: that saves the look.
    public var hasDeadline: Bool

    public init(output: [UInt8]?, failure: StepFailure?, hasDeadline: Bool = true) {
        self.output = output
        self.failure = failure
        self.hasDeadline = hasDeadline
    }
}

/// One transition of a step, with what is known about the attempt that caused it.
public struct TransitionRow: Sendable {
    public var key: RunKey
    public var transition: StepTransition
    public var session: SessionID?
    public var worker: String?
    public var enqueuedAt: Timestamp?
    public var leasedAt: Timestamp?
    public var startedAt: Timestamp?

    public init(
        key: RunKey, transition: StepTransition, session: SessionID? = nil, worker: String? = nil,
        enqueuedAt: Timestamp? = nil, leasedAt: Timestamp? = nil, startedAt: Timestamp? = nil
    ) {
        self.key = key
        self.transition = transition
        self.session = session
        self.worker = worker
        self.enqueuedAt = enqueuedAt
        self.leasedAt = leasedAt
        self.startedAt = startedAt
    }
}

/// A token that becomes ready.
public struct ReadyRow: Sendable {
    public var key: RunKey
    public var bucket: Bucket
    public var rank: Rank
    public var step: Int32
    /// The last attempt number used; a claim takes the next.
    public var attempt: Int32
    /// Lost leases so far.
    public var losses: Int16
    /// Fast path: lease at once to this session, unless a lower rank waits in the bucket.
    public var lease: SessionID?

    public init(
        key: RunKey, bucket: Bucket, rank: Rank, step: Int32, attempt: Int32, losses: Int16, lease: SessionID?
    ) {
        self.key = key
        self.bucket = bucket
        self.rank = rank
        self.step = step
        self.attempt = attempt
        self.losses = losses
        self.lease = lease
    }
}

/// A token in `timers`, or (with no step) the run's deadline.
public struct TimerRow: Sendable {
    public enum Kind: Sendable {
        /// Becomes this ready token when due.
        case token(ReadyRow)
        /// Ends the run when due.
        case runDeadline(RunKey)
        /// Is told to the step when due.
        case stepDue(StepKey)
    }

    public var kind: Kind
    /// From the commit's own time on the store's clock.
    public var delay: Duration
    /// The token needs a slot of this limit when it is due.
    public var limit: Limit?
    /// And of this one, at once.
    public var joint: Limit?
    /// The token is due when its turn under this rate comes, instead of after the delay; the store finds that out.
    public var rate: Rate?

    public init(kind: Kind, delay: Duration, limit: Limit? = nil, joint: Limit? = nil, rate: Rate? = nil) {
        self.kind = kind
        self.delay = delay
        self.limit = limit
        self.joint = joint
        self.rate = rate
    }
}

/// A token in `waits`.
public struct WaitRow: Sendable {
    public var step: StepKey
    public var request: WaitRequest

    public init(step: StepKey, request: WaitRequest) {
        self.step = step
        self.request = request
    }
}

/// A pause parks a run's tokens from `ready`, `timers` and the lines of limits in `held`; a resume moves them back. A
/// step that had a slot of a limit keeps it.
public struct RunPause: Sendable, Equatable {
    public var key: RunKey
    public var isPaused: Bool

    public init(key: RunKey, isPaused: Bool) {
        self.key = key
        self.isPaused = isPaused
    }
}

/// A message and the run of the batch that sends it.
public struct InboxPost: Sendable, Equatable {
    public var sender: RunKey
    public var message: InboxMessage

    public init(sender: RunKey, message: InboxMessage) {
        self.sender = sender
        self.message = message
    }
}

/// What somebody has done to a run.
public struct AuditedChange: Sendable {
    public var key: RunKey
    public var entry: AuditEntry

    public init(key: RunKey, entry: AuditEntry) {
        self.key = key
        self.entry = entry
    }
}

/// Tokens of a run go, wherever they stand.
public struct TokenDrop: Sendable {
    public var key: RunKey
    /// Of these steps, with what they are due for; empty: all, with the run's deadline.
    public var steps: [Int32]
    /// Tokens that the fold expects: a second look with a new snapshot is taken when fewer rows went (engine rule 10).
    public var expected: Int

    public init(key: RunKey, expected: Int, steps: [Int32] = []) {
        self.key = key
        self.expected = expected
        self.steps = steps
    }
}
