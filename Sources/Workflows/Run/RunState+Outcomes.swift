import Expressions
import JSON

/// A question for the outcome of another step: what the shell asks the store after the commit.
public struct OutcomeRequest: Hashable, Sendable {
    public var step: Int32
    public var key: String
    public var purpose: OutcomeRule.Purpose

    public init(step: Int32, key: String, purpose: OutcomeRule.Purpose) {
        self.step = step
        self.key = key
        self.purpose = purpose
    }
}

/// What the store has answered.
public enum OutcomeAnswer: Hashable, Sendable {
    /// A step of this run has left this output, JSON text.
    case found(output: [UInt8], run: RunID)
    /// There is none: the step runs.
    case missing
}

/// What a step that has ended leaves under its key.
public struct OutcomeSettlement: Hashable, Sendable {
    public var step: Int32
    public var key: String
    public var purpose: OutcomeRule.Purpose
    /// JSON text, and how long it is kept; `nil`: the key is free again.
    public var success: Success?

    public struct Success: Hashable, Sendable {
        public var output: [UInt8]
        public var lifetime: Duration

        public init(output: [UInt8], lifetime: Duration) {
            self.output = output
            self.lifetime = lifetime
        }
    }

    public init(step: Int32, key: String, purpose: OutcomeRule.Purpose, success: Success?) {
        self.step = step
        self.key = key
        self.purpose = purpose
        self.success = success
    }
}

extension RunState {
    /// Asks for an outcome first, or makes the step ready where it has no key.
    mutating func seek(
        _ step: Int32, _ rule: OutcomeRule, _ turn: inout Turn
    ) throws(StepProblem) {
        guard let key = try outcomeKey(of: step, rule) else {
            turn.effects.append(.ready(step: step, after: attemptFloor))
            return
        }
        let request = WaitRequest(kind: .outcome, subject: key)
        record(step, .waiting, attempt: -1, output: request.json.bytes(), &turn)
        turn.effects.append(.wait(step: step, request))
        turn.effects.append(.seek(OutcomeRequest(step: step, key: key, purpose: rule.purpose)))
    }

    private func outcomeKey(of step: Int32, _ rule: OutcomeRule) throws(StepProblem) -> String? {
        let text: [UInt8]
        if let key = rule.key {
            text = try bytes(key, rule.purpose == .cache ? "cache" : "idempotency", step)
            if text == JSONText.null.bytes { return nil }
        } else {
            do {
                text = try makeInput(of: step)
            } catch {
                throw StepProblem(.expression, "expression_failed", "with: \(error.message)")
            }
        }
        return rule.prefix + SHA256.hexadecimal(text)
    }

    mutating func take(
        _ answer: OutcomeAnswer, for step: Int32, _ turn: inout Turn
    ) throws(RunRejection) {
        try requireWait(step, .outcome)
        guard let rule = template(of: step)?.outcome else { throw .notWaiting }
        revision += 1
        endWait(step, &turn)
        switch answer {
        case .missing:
            record(step, .ready, attempt: -1, &turn)
            turn.effects.append(.ready(step: step, after: attemptFloor))
        case .found(let output, let run):
            // It holds no key: nothing is to be settled.
            outcomeKeys[step] = nil
            let source = StepFailure(
                kind: .skipped, code: rule.purpose.code, message: "the output is that of run \(run)", retryable: false)
            succeed(step, output: output, aside: source, &turn)
        }
    }

    /// Settles the key of a step with a line that ends its attempts: a success is left there, anything else frees it.
    mutating func settleOutcome(of transition: StepTransition, _ turn: inout Turn) {
        let step = transition.step
        guard let key = outcomeKeys[step], let rule = template(of: step)?.outcome else { return }
        switch transition.state {
        case .succeeded:
            let success = OutcomeSettlement.Success(
                output: transition.output ?? JSONText.null.bytes, lifetime: rule.lifetime)
            turn.effects.append(
                .settleOutcome(OutcomeSettlement(step: step, key: key, purpose: rule.purpose, success: success)))
        case .failed, .cancelled, .skipped, .expanded:
            // A cache has nothing to free.
            guard rule.purpose == .idempotency else { return }
            turn.effects.append(
                .settleOutcome(OutcomeSettlement(step: step, key: key, purpose: rule.purpose, success: nil)))
        case .pending, .ready, .running, .scheduled, .waiting, .held, .lost, .signalled, .decided, .entered, .reopened,
            .carried:
            break
        }
    }
}
