import Expressions
import JSON

extension RunState {
    /// Begins a step that has become live: its condition, then its items, then what it is.
    mutating func begin(_ step: Int32, _ turn: inout Turn) {
        guard case .live? = status(of: step), let index = templateIndex(of: step) else { return }
        if !carried.isEmpty, let output = carried[step] { return record(step, .succeeded, output: output, &turn) }
        let isItem = item(of: step) != nil
        do throws(StepProblem) {
            if !isItem, let condition = plan.steps[Int(index)].condition, try !isWanted(condition, step) {
                let reason = StepFailure(
                    kind: .skipped, code: Self.conditionFalse, message: "its condition is false", retryable: false)
                record(step, .skipped, failure: reason, &turn)
                return
            }
            // Only now: a step that is skipped has no deadline.
            if let deadline = plan.steps[Int(index)].deadline, !isItem {
                turn.effects.append(.setDue(step: step, deadline))
            }
            if !isItem, let fanOut = plan.steps[Int(index)].fanOut {
                try spread(step, fanOut, &turn)
                return
            }
            switch plan.steps[Int(index)].kind {
            case .task:
                if let rule = plan.steps[Int(index)].outcome {
                    try seek(step, rule, &turn)
                } else {
                    turn.effects.append(.ready(step: step, after: attemptFloor))
                }
            case .wait(let rule): try wait(step, rule, &turn)
            case .approval(let rule): try ask(step, rule, &turn)
            case .workflow(let rule): try startChild(step, rule, &turn)
            case .choice(let rule): try choose(step, rule, &turn)
            case .emit(let rule): try emit(step, rule, &turn)
            }
        } catch {
            failForGood(step, failure: error.failure, &turn)
        }
    }

    private func isWanted(_ condition: Expression, _ step: Int32) throws(StepProblem) -> Bool {
        do {
            return try isWanted(condition, for: step)
        } catch {
            throw StepProblem(.expression, "condition_failed", "if: \(error.message)")
        }
    }

    private mutating func spread(_ step: Int32, _ fanOut: FanOut, _ turn: inout Turn) throws(StepProblem) {
        let value = try evaluate(fanOut.items, "for_each", step)
        guard case .array(let items) = value else {
            throw StepProblem(.invalid, "not_a_list", "for_each takes a list, not \(value.typeName)")
        }
        guard items.count <= FanOut.mostItems else {
            throw StepProblem(
                .invalid, "too_many_items",
                "for_each has \(items.count) items; at most \(FanOut.mostItems) are taken")
        }
        guard !items.isEmpty else { return succeed(step, output: Array("[]".utf8), &turn) }
        record(step, .expanded, attempt: -1, output: expansion("items", value), &turn)
    }

    // MARK: - Waits

    private mutating func wait(_ step: Int32, _ rule: WaitRule, _ turn: inout Turn) throws(StepProblem) {
        switch rule.until {
        case .duration(let template):
            let text = try text(template, "for", step)
            let duration: Duration
            do {
                duration = try Duration(parsing: text)
            } catch {
                throw StepProblem(.invalid, "bad_duration", "for: \(error.description)")
            }
            wait(step, .time, subject: (turn.now + duration).rfc3339, due: duration, &turn)
        case .time(let template):
            let text = try text(template, "until", step)
            guard let time = Timestamp(rfc3339: text) else {
                throw StepProblem(
                    .invalid, "bad_time", "until: \"\(text)\" is no point in time; write it as 2030-01-31T12:00:00Z")
            }
            wait(step, .time, subject: time.rfc3339, due: max(.zero, time - turn.now), &turn)
        case .signal(let template):
            let name = try text(template, "signal", step)
            if let payload = signals.first(name) {
                // Recorded as a wait too: that is what takes the signal when the history is replayed.
                record(
                    step, .waiting, attempt: -1, output: WaitRequest(kind: .signal, subject: name).json.bytes(), &turn)
                succeed(step, output: payload, &turn)
            } else {
                wait(step, .signal, subject: name, due: rule.timeout, &turn)
            }
        }
    }

    private mutating func wait(
        _ step: Int32, _ kind: WaitRequest.Kind, subject: String, due: Duration?, _ turn: inout Turn
    ) {
        wait(step, WaitRequest(kind: kind, subject: subject), due: due, &turn)
    }

    mutating func wait(_ step: Int32, _ request: WaitRequest, due: Duration?, _ turn: inout Turn) {
        record(step, .waiting, attempt: -1, output: request.json.bytes(), &turn)
        turn.effects.append(.wait(step: step, request))
        if let due { turn.effects.append(.setDue(step: step, due)) }
    }

    private mutating func startChild(_ step: Int32, _ rule: ChildRule, _ turn: inout Turn) throws(StepProblem) {
        guard context.depth < ChildRule.deepest else {
            throw StepProblem(
                .invalid, "too_deep",
                "the run is \(context.depth) levels below its root; at most \(ChildRule.deepest) are taken")
        }
        guard let run = context.run, let child = context.child(of: step, generation: generation) else {
            throw StepProblem(.invalid, "no_run", "the run has no id")
        }
        let name = try text(rule.name, "name", step)
        let input = if let inputs = rule.inputs { try bytes(inputs, "inputs", step) } else { Array("{}".utf8) }
        turn.effects.append(
            .startChild(
                ChildStart(
                    run: child, parent: RunContext.Parent(run: run, step: step), depth: context.depth + 1,
                    workflow: name, input: input)))
        wait(step, .child, subject: child.description, due: nil, &turn)
    }

    // MARK: - What is done at once

    private mutating func choose(_ step: Int32, _ rule: ChoiceRule, _ turn: inout Turn) throws(StepProblem) {
        let value: JSONValue? = if let template = rule.value { try tree(template, "value", step) } else { nil }
        var chosen: Int?
        for (number, one) in rule.cases.enumerated() {
            if let equals = one.equals, let value, equals.isSame(as: value) { chosen = number }
            if let condition = one.condition {
                let holds = try evaluate(condition, "when", step)
                guard case .bool(let holds) = holds else {
                    throw StepProblem(.expression, "when_failed", "when takes boolean, not \(holds.typeName)")
                }
                if holds { chosen = number }
            }
            if chosen != nil { break }
        }
        let taken = Set(chosen.map { rule.cases[$0].then } ?? rule.otherwise)
        succeed(step, output: Array(#"{"case":\#(chosen.map(String.init) ?? "null")}"#.utf8), &turn)
        let reason = StepFailure(
            kind: .skipped, code: Self.notChosen, message: "\(name(of: step) ?? "the switch") chose another case",
            retryable: false)
        for target in rule.targets.subtracting(taken).sorted() {
            record(resolve(target, for: step), .skipped, failure: reason, &turn)
        }
    }

    private mutating func emit(_ step: Int32, _ rule: EmitRule, _ turn: inout Turn) throws(StepProblem) {
        let name = try text(rule.name, "name", step)
        let payload =
            if let template = rule.payload { try bytes(template, "payload", step) } else { Array("null".utf8) }
        var target: RunID?
        if let template = rule.run {
            let text = try text(template, "run", step)
            guard let run = RunID(text) else {
                throw StepProblem(.invalid, "bad_run", "run: \"\(text)\" is no run's id")
            }
            target = run
        }
        turn.effects.append(.emit(Emission(step: step, name: name, payload: payload, run: target)))
        var writer = JSONWriter()
        writer.raw("{")
        writer.key("name")
        writer.string(name)
        writer.raw(",")
        writer.key("payload")
        writer.raw(payload)
        writer.raw("}")
        succeed(step, output: writer.bytes, &turn)
    }
}

/// Why a step cannot begin: its failure.
struct StepProblem: Error {
    var failure: StepFailure

    init(_ kind: StepFailure.Kind, _ code: String, _ message: String) {
        failure = StepFailure(kind: kind, code: code, message: message, retryable: false)
    }
}

extension RunState {
    func evaluate(_ expression: Expression, _ what: String, _ step: Int32) throws(StepProblem) -> JSONValue {
        do {
            return try expression.evaluate(in: RunScope(self, step: step))
        } catch {
            throw StepProblem(.expression, "expression_failed", "\(what): \(error.message)")
        }
    }

    func bytes(_ template: Template, _ what: String, _ step: Int32) throws(StepProblem) -> [UInt8] {
        do {
            return try template.evaluate(in: RunScope(self, step: step))
        } catch {
            throw StepProblem(.expression, "expression_failed", "\(what): \(error.message)")
        }
    }

    func tree(_ template: Template, _ what: String, _ step: Int32) throws(StepProblem) -> JSONValue {
        let text = try bytes(template, what, step)
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw StepProblem(.invalid, "bad_value", "\(what): \(error)")
        }
    }

    func text(_ template: Template, _ what: String, _ step: Int32) throws(StepProblem) -> String {
        let value = try tree(template, what, step)
        guard case .string(let text) = value else {
            throw StepProblem(.invalid, "not_text", "\(what) takes text, not \(value.typeName)")
        }
        return text
    }
}

extension JSONValue {
    /// Equal as CEL sees it: 1 and 1.0 are the same number.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        if self == other { return true }
        guard let left = doubleValue, let right = other.doubleValue else { return false }
        return left == right
    }
}
