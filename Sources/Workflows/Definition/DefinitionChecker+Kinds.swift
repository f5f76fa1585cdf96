import Expressions
import JSON

extension DefinitionChecker {
    /// Compiles what the engine does itself.
    mutating func kind(_ form: KindForm, of index: Int, _ reader: Reader) -> StepKind? {
        switch form {
        case .wait(let wait): return self.wait(wait, reader).map { .wait($0) }
        case .approval(let approval):
            return .approval(
                ApprovalRule(
                    roles: approval.roles, quorum: approval.quorum, timeout: approval.timeout,
                    onTimeout: approval.onTimeout, reminder: approval.reminder, escalation: approval.escalation,
                    form: approval.form,
                    message: approval.message.flatMap { template($0, reader) }))
        case .workflow(let child):
            guard let name = template(child.name, reader) else { return nil }
            return .workflow(
                ChildRule(
                    name: name, inputs: child.inputs.flatMap { template($0, reader) },
                    onParentCancel: child.onParentCancel))
        case .choice(let choice): return .choice(self.choice(choice, of: index, reader))
        case .emit(let emit):
            guard let name = template(emit.name, reader) else { return nil }
            return .emit(
                EmitRule(
                    name: name, payload: emit.payload.flatMap { template($0, reader) },
                    run: emit.run.flatMap { template($0, reader) }))
        }
    }

    private mutating func template(_ node: SourceNode, _ reader: Reader) -> Template? {
        template(node.value, node: node, for: reader)
    }

    private mutating func wait(_ form: KindForm.Wait, _ reader: Reader) -> WaitRule? {
        if let node = form.duration, let template = template(node, reader) {
            if template.constant != nil, case .scalar(.string(let text)) = node.content {
                do {
                    _ = try Duration(parsing: text)
                } catch {
                    report(node, error.description)
                }
            }
            return WaitRule(until: .duration(template))
        }
        if let node = form.until, let template = template(node, reader) {
            if template.constant != nil, case .scalar(.string(let text)) = node.content,
                Timestamp(rfc3339: text) == nil
            {
                report(node, "\"\(text)\" is no point in time", hint: "write it as 2030-01-31T12:00:00Z")
            }
            return WaitRule(until: .time(template))
        }
        guard let node = form.signal, let template = template(node, reader) else { return nil }
        return WaitRule(until: .signal(template), timeout: form.timeout, onTimeout: form.onTimeout)
    }

    private mutating func choice(_ form: KindForm.Choice, of index: Int, _ reader: Reader) -> ChoiceRule {
        var rule = ChoiceRule(value: form.value.flatMap { template($0, reader) }, cases: [])
        for one in form.cases {
            let condition = one.condition.flatMap { expression($0.text, node: $0.node, for: reader) }
            check(condition, isOf: "boolean", for: "when", node: one.condition?.node)
            rule.cases.append(
                ChoiceRule.Case(
                    equals: one.equals?.value, condition: condition, then: targets(one.then, of: index)))
        }
        rule.otherwise = targets(form.otherwise, of: index)
        return rule
    }

    private mutating func targets(_ names: [(name: String, node: SourceNode)], of index: Int) -> [Int32] {
        var targets: [Int32] = []
        for (name, node) in names {
            guard let target = indices[name] else {
                report(
                    node, "the switch names unknown step \"\(name)\"", hint: suggestion(for: name, among: indices.keys))
                continue
            }
            guard graph.needs[target].contains(index) else {
                report(
                    node, "the switch names step \"\(name)\", which does not need it",
                    hint: "add \"\(steps[index].id)\" to the needs of \"\(name)\"")
                continue
            }
            targets.append(Int32(target))
        }
        return targets
    }

    // MARK: - Handlers

    mutating func compileHandlers() -> [FailureHandler] {
        var first = steps.count - definition.handlers.reduce(0) { $0 + $1.steps.count }
        var handlers: [FailureHandler] = []
        for (number, handler) in definition.handlers.enumerated() {
            let step = handlerStep(number)
            let range = Int32(first)..<Int32(first + handler.steps.count)
            first += handler.steps.count
            let shadow = definition.handlers[..<number].firstIndex { earlier in
                (earlier.step == nil || earlier.step == handler.step)
                    && (earlier.error == nil || earlier.error == handler.error)
            }
            if let shadow {
                report(
                    handlerNodes[number].whole,
                    "the handler can never run: handler \(shadow + 1) takes all that it does",
                    hint: "the first match wins; put it before that one")
            }
            let node = handlerNodes[number].recover
            let recover = handler.recover.flatMap { template($0, node: node, for: .recover(number)) }
            handlers.append(FailureHandler(step: step, error: handler.error, steps: range, recover: recover))
        }
        return handlers
    }

    private mutating func handlerStep(_ number: Int) -> Int32? {
        guard let name = definition.handlers[number].step, let node = handlerNodes[number].step else { return nil }
        guard let index = indices[name] else {
            report(node, "match names unknown step \"\(name)\"", hint: suggestion(for: name, among: indices.keys))
            return nil
        }
        guard parts[index] == .main || parts[index] == .setup else {
            report(
                node, "match names step \"\(name)\", which belongs to \(parts[index].text)",
                hint: "handlers are for steps and setup")
            return nil
        }
        return Int32(index)
    }

    // MARK: - Races

    /// Two steps of which neither must have ended before the other begins, and that both use a resource which at least
    /// one of them writes.
    ///
    /// Along the topological order it is enough to compare neighbours: writers without a race stand in one line, and a
    /// reader stands between two of them.
    mutating func checkRaces() {
        guard steps.contains(where: { !$0.writes.isEmpty }) else { return }
        let before = graph.upstream(joins: steps.map(\.join), guaranteed: true)
        var uses: [String: [(step: Int, node: SourceNode, writes: Bool)]] = [:]
        for index in graph.order() {
            for (name, node) in zip(steps[index].writes, nodes[index].writes) {
                uses[name, default: []].append((index, node, true))
                if steps[index].forEach != nil, steps[index].maxParallel ?? 2 > 1 {
                    report(
                        node, "the items of step \"\(steps[index].id)\" write \"\(name)\" side by side",
                        hint: "set max_parallel: 1")
                }
            }
            for (name, node) in zip(steps[index].reads, nodes[index].reads) where !steps[index].writes.contains(name) {
                uses[name, default: []].append((index, node, false))
            }
        }
        for (name, all) in uses.sorted(by: { $0.key < $1.key }) {
            for part in Set(all.map { parts[$0.step] }) {
                checkRaces(name, all.filter { parts[$0.step] == part }, before)
            }
        }
    }

    private mutating func checkRaces(
        _ name: String, _ uses: [(step: Int, node: SourceNode, writes: Bool)], _ before: StepGraph.Upstream
    ) {
        var writer: Int?
        var readers: [Int] = []
        for (position, use) in uses.enumerated() {
            if let writer, !before.contains(uses[writer].step, of: use.step) {
                reportRace(name, uses[writer], use)
            }
            guard use.writes else {
                readers.append(position)
                continue
            }
            for reader in readers where !before.contains(uses[reader].step, of: use.step) {
                reportRace(name, uses[reader], use)
            }
            readers = []
            writer = position
        }
    }

    private mutating func reportRace(
        _ name: String, _ first: (step: Int, node: SourceNode, writes: Bool),
        _ second: (step: Int, node: SourceNode, writes: Bool)
    ) {
        func verb(_ writes: Bool) -> String { writes ? "writes" : "reads" }
        let (one, other) = (steps[first.step].id, steps[second.step].id)
        report(
            second.node,
            "step \"\(other)\" \(verb(second.writes)) \"\(name)\", which step \"\(one)\" \(verb(first.writes)) in line "
                + "\(first.node.place.line), and neither waits for the other",
            hint: "add \"\(one)\" to the needs of \"\(other)\"")
    }
}
