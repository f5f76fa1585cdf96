import Audit
import Expressions
import JSON
import Workflows

/// One state-changing command on one run, waiting for its commit.
struct LaneCommand: Sendable {
    /// Indirect: a command goes through three arrays, and each time a reference is all that is copied.
    indirect enum Kind: Sendable {
        case start(StartIntent)
        case finish(FinishCommand)
        case cancel(reason: String)
        /// Anything else that happens to a run.
        case event(RunEvent)
        /// The message from the inbox has been dealt with.
        case acknowledge
        /// A queued run has got its slot.
        case admit
        /// A run that has failed goes on; of a tenant whose active runs are limited, with the right to one.
        case reopen(Reopening, QuotaStanding?)
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
    /// Of the answer that there is no outcome yet: the key that the step holds now.
    var outcomeKey: String?
    /// Who asks, of what somebody does to a run: recorded by the commit that does it.
    var audit: AuditContext?

    /// Bytes that the command brings along, for the caps of queue and batch.
    var bytes: Int {
        switch kind {
        case .start(let intent):
            256 + intent.input.count + (intent.carried?.outputs.values.reduce(0) { $0 + $1.count } ?? 0)
        case .finish(let finish):
            switch finish.outcome {
            case .success(let output): 192 + output.count
            case .failure(let failure): 256 + failure.message.utf8.count
            }
        case .cancel(let reason): 128 + reason.utf8.count
        case .event(.signal(let signal)): 256 + signal.payload.count
        case .event(.decided(_, let decision)): 512 + (decision.form?.count ?? 0)
        case .event(.childEnded(_, .succeeded(let output))): 256 + output.count
        case .event(.outcome(_, .found(let output, _))): 256 + output.count
        case .event: 256
        case .reopen(let reopening, _): 256 + reopening.inputs.values.reduce(0) { $0 + $1.count }
        case .deadline, .admit, .acknowledge: 64
        }
    }
}

extension StartIntent {
    /// Checks the input and what is made of it: the keys of the run's limit and pacing, and the labels that the definition asks
    /// for; of those, the given ones win.
    init(
        flow: FlowPlan, input: [UInt8], run: RunID, labels: [UInt8]? = nil, parent: RunContext.Parent? = nil,
        depth: Int32 = 0
    ) throws(EngineError) {
        let input = try flow.checkInput(input)
        var labels = labels
        if flow.plan.limit?.key != nil || flow.plan.pacing?.key != nil || flow.plan.labels != nil {
            let state = RunState(plan: flow.plan, context: RunContext(run: run, input: input))
            var what = "concurrency"
            do {
                _ = try state.runLimitName()
                what = "throttle or debounce"
                _ = try state.pacingName()
            } catch {
                throw EngineError(.invalidInput, "the key of the workflow's \(what) cannot be made: \(error.message)")
            }
            do {
                labels = try Self.merged(try state.makeLabels(), labels)
            } catch {
                throw EngineError(.invalidInput, "the labels cannot be made: \(error)")
            }
        }
        self.init(flow: flow, input: input, labels: labels, parent: parent, depth: depth)
    }

    private static func merged(_ made: [UInt8]?, _ given: [UInt8]?) throws(JSONError) -> [UInt8]? {
        guard let made else { return given }
        guard let given else { return made }
        guard case .object(var all) = try JSONValue(parsing: made),
            case .object(let mine) = try JSONValue(parsing: given)
        else { return given }
        for member in mine { all[member.key] = member.value }
        return JSONValue.object(all).bytes()
    }
}

/// A validated submission.
struct StartIntent: Sendable {
    var flow: FlowPlan
    var input: [UInt8]
    var idempotency: IdempotencyRecord?
    var traceparent: String?
    var labels: [UInt8]?
    var parent: RunContext.Parent?
    var depth: Int32 = 0
    /// The run that this one repeats, and what it takes over from it.
    var origin: RunID?
    var carried: Carried?
    var urgency = Urgency.usual
    /// Of a tenant whose active runs are limited.
    var standing: QuotaStanding?
}

/// How a submission, or a redrive, stands with its tenant's quota of active runs.
enum QuotaStanding: Sendable {
    case unit(QuotaUnit)
    /// It is over the quota, but may repeat one that was let in before.
    case over(EngineError)

    var hasUnit: Bool {
        switch self {
        case .unit: true
        case .over: false
        }
    }
}
