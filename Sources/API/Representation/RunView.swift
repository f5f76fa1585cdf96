import Engine
import Workflows

/// A run as people see it: the fold of its history and its tokens over the steps of its definition. Pure.
struct RunView: Sendable {
    struct Step: Sendable {
        var id: String
        var index: Int
        var uses: String
        var needs: [String]
        var state: StepState
        /// The last attempt number used; 0 when none.
        var attempt: Int32
        var dueAt: Timestamp?
        var output: [UInt8]?
        var failure: StepFailure?
        var attempts: [Attempt]
    }

    struct Attempt: Sendable {
        enum State: String, Sendable {
            case ready, running, succeeded, failed, lost, cancelled
            case timedOut = "timed_out"
        }

        var attempt: Int32
        var state: State
        var worker: String?
        var enqueuedAt: Timestamp?
        var leasedAt: Timestamp?
        var startedAt: Timestamp?
        var endedAt: Timestamp?
        var failure: StepFailure?
    }

    let detail: RunDetail
    let steps: [Step]

    init(_ detail: RunDetail, outline: FlowOutline) {
        self.detail = detail
        var steps = outline.steps.enumerated().map { index, step in
            Step(
                id: step.id, index: index, uses: step.uses, needs: step.needs, state: .pending, attempt: 0,
                attempts: [])
        }
        for row in detail.history where steps.indices.contains(Int(row.transition.step)) {
            steps[Int(row.transition.step)].apply(row)
        }
        for token in detail.tokens where steps.indices.contains(Int(token.step)) {
            steps[Int(token.step)].apply(token)
        }
        self.steps = steps
    }
}

extension RunView.Step {
    fileprivate mutating func apply(_ row: TransitionRow) {
        let transition = row.transition
        attempt = max(attempt, transition.attempt)
        switch transition.state {
        case .lost, .signalled, .decided, .entered:
            // A lost attempt ends alone, a decision may not be the last; where the step stands, its token says.
            break
        case .pending, .ready, .running, .scheduled, .waiting, .held, .succeeded, .failed, .skipped, .cancelled,
            .expanded:
            state = transition.state
        }
        if let output = transition.output { self.output = output }
        failure = transition.state == .succeeded ? nil : transition.failure ?? failure
        dueAt = transition.state == .scheduled ? transition.retryDue : nil
        guard transition.attempt > 0 else { return }
        attempts.append(
            RunView.Attempt(
                attempt: transition.attempt, state: RunView.Attempt.State(transition), worker: row.worker,
                enqueuedAt: row.enqueuedAt, leasedAt: row.leasedAt, startedAt: row.startedAt, endedAt: transition.at,
                failure: transition.failure))
    }

    fileprivate mutating func apply(_ token: LiveToken) {
        state = token.state
        attempt = max(attempt, token.attempt)
        dueAt = token.dueAt
        switch token.state {
        case .ready:
            // The number that its claim will give it.
            attempts.append(
                RunView.Attempt(attempt: token.attempt + 1, state: .ready, enqueuedAt: token.enqueuedAt))
        case .running:
            attempts.append(
                RunView.Attempt(
                    attempt: token.attempt, state: .running, worker: token.worker, enqueuedAt: token.enqueuedAt,
                    leasedAt: token.leasedAt))
        case .pending, .scheduled, .waiting, .held, .succeeded, .failed, .skipped, .cancelled, .lost, .expanded,
            .signalled, .decided, .entered:
            break
        }
    }
}

extension RunView.Attempt.State {
    /// How the attempt ended that made this transition.
    fileprivate init(_ transition: StepTransition) {
        switch (transition.state, transition.failure?.kind) {
        case (.succeeded, _): self = .succeeded
        case (.lost, _), (_, .lost?): self = .lost
        case (_, .timeout?): self = .timedOut
        case (.cancelled, _), (.skipped, _), (_, .cancelled?): self = .cancelled
        default: self = .failed
        }
    }
}
