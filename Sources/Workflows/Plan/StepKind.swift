import Expressions

/// What a step does when its turn has come.
public enum StepKind: Sendable {
    /// Some worker that serves its task type runs it.
    case task
    /// Waits for a time, or for a signal to the run.
    case wait(WaitRule)
    /// Waits for people's decision.
    case approval(ApprovalRule)
    /// Runs another workflow, and waits for its end.
    case workflow(ChildRule)
    /// Chooses which of the steps behind it run.
    case choice(ChoiceRule)
    /// Tells an event, or signals another run.
    case emit(EmitRule)

    /// The word after `uses:` of what the engine does itself.
    var engineWord: String? {
        switch self {
        case .task: nil
        case .wait: "wait"
        case .approval: "approval"
        case .workflow: "workflow"
        case .choice: "switch"
        case .emit: "emit"
        }
    }

    /// Every template of it, for the analysis of what is read.
    var templates: [Template] {
        switch self {
        case .task: []
        case .wait(let rule):
            switch rule.until {
            case .duration(let template), .time(let template), .signal(let template): [template]
            }
        case .approval(let rule): rule.message.map { [$0] } ?? []
        case .workflow(let rule): [rule.name] + (rule.inputs.map { [$0] } ?? [])
        case .choice(let rule): rule.value.map { [$0] } ?? []
        case .emit(let rule): [rule.name] + [rule.payload, rule.run].compactMap(\.self)
        }
    }

    /// Every bare expression of it.
    var expressions: [Expression] {
        switch self {
        case .choice(let rule): rule.cases.compactMap(\.condition)
        case .task, .wait, .approval, .workflow, .emit: []
        }
    }
}

/// What a step or a run does when nothing has come in time.
public enum TimeoutAction: String, Sendable, CaseIterable {
    /// The step fails.
    case fail
    /// The step succeeds with the output `null`.
    case proceed = "continue"
    /// An approval counts as given.
    case approve
    /// An approval counts as refused.
    case reject
}
