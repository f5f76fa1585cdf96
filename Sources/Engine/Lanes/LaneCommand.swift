import Workflows

/// One state-changing command on one run, waiting for its commit.
struct LaneCommand: Sendable {
    enum Kind: Sendable {
        case start(StartIntent)
        case finish(FinishCommand)
        case cancel(reason: String)
        /// A queued run has got its slot.
        case admit
        /// The run's deadline has passed.
        case deadline
    }

    var key: RunKey
    var kind: Kind
    /// The inbox message that this command came from: deleted by the commit that applies it.
    var inbox: InboxID?
    var acceptedAt: Duration
    /// When the caller stops waiting for the database; `nil`: never (the sender does not come back by itself).
    var deadline: Duration?
    var reply: Reply
    /// The database refused a commit that held this command and others on the run: it goes alone now, so that only the
    /// culprit fails.
    var isAlone = false

    /// Bytes that the command brings along, for the caps of queue and batch.
    var bytes: Int {
        switch kind {
        case .start(let intent): 256 + intent.input.count
        case .finish(let finish):
            switch finish.outcome {
            case .success(let output): 192 + output.count
            case .failure(let failure): 256 + failure.message.utf8.count
            }
        case .cancel(let reason): 128 + reason.utf8.count
        case .deadline, .admit: 64
        }
    }
}

/// A validated submission.
struct StartIntent: Sendable {
    var flow: FlowPlan
    var input: [UInt8]
    var idempotency: IdempotencyRecord?
    var traceparent: String?
    var labels: [UInt8]?
    var urgency = Urgency.usual
}
