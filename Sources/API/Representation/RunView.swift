import Engine
import JSON
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
        /// Its output is another step's: whose, and why.
        var reused: StepFailure?
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
        let planned = outline.handlers.first?.lowerBound ?? outline.steps.count
        var steps = outline.steps.prefix(planned).enumerated().map { Step($1, index: $0) }
        // Steps that the run has made: by their number, where they stand, and what they were made of.
        var positions: [Int32: Int] = [:]
        var templates: [Int32: Int] = [:]
        for row in detail.history where row.transition.state == .expanded {
            let owner = row.transition.step
            for made in outline.made(by: row.transition, of: templates[owner] ?? Int(owner)) {
                positions[made.number] = steps.count
                templates[made.number] = made.template
                var step = Step(outline.steps[made.template], index: Int(made.number))
                step.id += ":\(made.number)"
                steps.append(step)
            }
        }
        func position(_ step: Int32) -> Int? {
            positions[step] ?? ((0..<Int32(planned)).contains(step) ? Int(step) : nil)
        }
        for row in detail.history {
            if row.transition.state == .reopened { for index in steps.indices { steps[index].reopen() } }
            if let position = position(row.transition.step) { steps[position].apply(row) }
        }
        for token in detail.tokens {
            if let position = position(token.step) { steps[position].apply(token) }
        }
        self.steps = steps
    }
}

extension FlowOutline {
    /// The steps that an `expanded` line makes: their numbers, and which step of the outline each is a copy of.
    fileprivate func made(by transition: StepTransition, of owner: Int) -> [(number: Int32, template: Int)] {
        guard let output = transition.output, let value = try? JSONValue(parsing: output),
            let base = value["base"]?.intValue.flatMap({ Int32(exactly: $0) }), steps.indices.contains(owner)
        else { return [] }
        if let handler = value["handler"]?.intValue.flatMap({ Int(exactly: $0) }) {
            guard handlers.indices.contains(handler) else { return [] }
            return zip(base..., handlers[handler]).map { (number: $0, template: $1) }
        }
        return (0..<Int32(clamping: value["items"]?.arrayValue?.count ?? 0)).map {
            (number: base + $0, template: owner)
        }
    }
}

extension RunView.Step {
    fileprivate init(_ step: FlowOutline.Step, index: Int) {
        self.init(
            id: step.id, index: index, uses: step.uses, needs: step.needs, state: .pending, attempt: 0, attempts: [])
    }

    fileprivate mutating func apply(_ row: TransitionRow) {
        let transition = row.transition
        attempt = max(attempt, transition.attempt)
        switch transition.state {
        // A lost attempt ends alone; where the step stands, its token says. A decision is one of several, perhaps.
        case .lost, .decided, .reopened, .carried: break
        case .expanded, .waiting, .signalled, .entered: state = transition.state
        case .pending, .ready, .running, .scheduled, .held, .succeeded, .failed, .skipped, .cancelled:
            state = transition.state
            if let output = transition.output { self.output = output }
        }
        let isReused = transition.failure.map { OutcomeRule.Purpose.codes.contains($0.code) } ?? false
        reused = transition.state == .succeeded && isReused ? transition.failure : nil
        failure = transition.state == .succeeded ? nil : transition.failure ?? failure
        dueAt = transition.state == .scheduled ? transition.retryDue : nil
        guard transition.attempt > 0 else { return }
        attempts.append(
            RunView.Attempt(
                attempt: transition.attempt, state: RunView.Attempt.State(transition), worker: row.worker,
                enqueuedAt: row.enqueuedAt, leasedAt: row.leasedAt, startedAt: row.startedAt, endedAt: transition.at,
                failure: transition.failure))
    }

    /// The run goes on after its failure: what has failed, or was skipped because of that, has not begun.
    fileprivate mutating func reopen() {
        guard state == .failed || state == .skipped && failure?.code == "upstream_failed" else { return }
        state = .pending
        failure = nil
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
            .signalled, .decided, .entered, .reopened, .carried:
            break
        }
    }
}

extension RunView.Attempt.State {
    /// How the attempt ended that made this transition.
    init(_ transition: StepTransition) {
        switch (transition.state, transition.failure?.kind) {
        case (.succeeded, _): self = .succeeded
        case (.lost, _), (_, .lost?): self = .lost
        case (_, .timeout?): self = .timedOut
        case (.cancelled, _), (.skipped, _), (_, .cancelled?): self = .cancelled
        default: self = .failed
        }
    }
}
