import JSON

extension DefinitionReader {
    /// Reads the `with` of what the engine does itself; `nil` for a task type, and for what cannot be told.
    mutating func kind(_ uses: String, members step: [String: SourceNode], at node: SourceNode) -> KindForm? {
        guard Words.engineKinds.contains(uses) else { return nil }
        refuse(
            [
                "retry", "timeout", "limits", "resources", "priority", "concurrency", "rate", "cache", "idempotency",
                "breaker",
            ], in: step, uses)
        switch uses {
        case "wait":
            refuse(["deadline"], in: step, uses)
            return with(step, uses, at: node, known: Words.wait).flatMap { wait($0, at: step["with"] ?? node) }
        case "approval":
            refuse(["deadline"], in: step, uses)
            return approval(
                step["with"].flatMap { self.members(of: $0, "with", known: Words.approval, later: []) } ?? [:])
        case "workflow":
            return with(step, uses, at: node, known: Words.child).flatMap { child($0, at: step["with"] ?? node) }
        case "switch":
            refuse(["deadline", "for_each", "background"], in: step, uses)
            return with(step, uses, at: node, known: Words.choice).flatMap { choice($0, at: step["with"] ?? node) }
        default:
            refuse(["deadline"], in: step, uses)
            return with(step, uses, at: node, known: Words.emit).flatMap { emit($0, at: step["with"] ?? node) }
        }
    }

    private mutating func with(
        _ step: [String: SourceNode], _ uses: String, at node: SourceNode, known: [String]
    ) -> [String: SourceNode]? {
        required("with", in: step, of: "\"uses: \(uses)\"", at: node)
            .flatMap { members(of: $0, "with", known: known, later: []) }
    }

    private mutating func refuse(_ keys: [String], in step: [String: SourceNode], _ uses: String) {
        for key in keys {
            if let node = step[key] {
                report(node, "\"uses: \(uses)\" takes no \"\(key)\"", hint: "no worker runs it")
            }
        }
    }

    private mutating func onTimeout(
        _ members: [String: SourceNode], _ known: [TimeoutAction]
    ) -> TimeoutAction {
        guard let node = members["on_timeout"], let name = string(node, "on_timeout") else { return .fail }
        if members["timeout"] == nil { report(node, "on_timeout needs a timeout") }
        if let action = known.first(where: { $0.rawValue == name }) { return action }
        report(node, "on_timeout is one of \(known.map(\.rawValue).joined(separator: ", ")), not \"\(name)\"")
        return .fail
    }

    private mutating func wait(_ members: [String: SourceNode], at node: SourceNode) -> KindForm? {
        let named = ["for", "until", "signal"].filter { members[$0] != nil }
        guard named.count == 1 else {
            report(node, "a wait has exactly one of for, until and signal")
            return nil
        }
        var form = KindForm.Wait(duration: members["for"], until: members["until"], signal: members["signal"])
        for text in named { _ = members[text].flatMap { string($0, text, allowsEmpty: false) } }
        if form.signal == nil {
            for key in ["timeout", "on_timeout"] {
                if let node = members[key] { report(node, "\"\(key)\" is for waits for a signal") }
            }
        } else {
            form.timeout = members["timeout"].flatMap { duration($0, "timeout") }
            form.onTimeout = onTimeout(members, [.fail, .proceed])
        }
        return .wait(form)
    }

    private mutating func approval(_ members: [String: SourceNode]) -> KindForm {
        var form = KindForm.Approval()
        form.roles = members["roles"].map { names($0, "roles", "names").0 } ?? []
        form.quorum = members["quorum"].flatMap { count($0, "quorum", 1...100) } ?? 1
        form.timeout = members["timeout"].flatMap { duration($0, "timeout") }
        form.onTimeout = onTimeout(members, [.fail, .reject, .approve, .proceed])
        form.reminder = members["reminder"].flatMap { duration($0, "reminder") }
        form.escalation = members["escalation"].flatMap { escalation($0, of: form) }
        for (key, after) in [("reminder", form.reminder), ("escalation", form.escalation?.after)] {
            if let node = members[key], let after, let timeout = form.timeout, after >= timeout {
                report(node, "\(key) comes after the timeout of \(timeout.shortText)", hint: "it would never come")
            }
        }
        form.form = members["form"].flatMap { inputs($0) }
        form.message = members["message"]
        if let message = form.message { _ = string(message, "message") }
        return .approval(form)
    }

    private mutating func escalation(
        _ node: SourceNode, of form: KindForm.Approval
    ) -> ApprovalRule.Escalation? {
        guard let members = members(of: node, "escalation", known: Words.escalation, later: []) else { return nil }
        let after = required("after", in: members, of: "escalation", at: node).flatMap { duration($0, "after") }
        let roles = required("roles", in: members, of: "escalation", at: node).map { names($0, "roles", "names").0 }
        if let roles, roles.isEmpty { report(node, "escalation names no roles") }
        if form.roles.isEmpty { report(node, "escalation is for approvals with roles", hint: "everybody may decide") }
        guard let after, let roles else { return nil }
        return ApprovalRule.Escalation(after: after, roles: roles)
    }

    private mutating func child(_ members: [String: SourceNode], at node: SourceNode) -> KindForm? {
        guard let name = required("name", in: members, of: "\"uses: workflow\"", at: node),
            string(name, "name", allowsEmpty: false) != nil
        else { return nil }
        var form = KindForm.Child(name: name, inputs: members["inputs"])
        if let node = members["on_parent_cancel"], let text = string(node, "on_parent_cancel") {
            if let policy = ChildRule.ParentCancel(rawValue: text) {
                form.onParentCancel = policy
            } else {
                report(node, "on_parent_cancel is cancel or abandon, not \"\(text)\"")
            }
        }
        return .workflow(form)
    }

    private mutating func choice(_ members: [String: SourceNode], at node: SourceNode) -> KindForm? {
        guard let cases = required("cases", in: members, of: "\"uses: switch\"", at: node) else { return nil }
        guard case .sequence(let elements) = cases.content, !elements.isEmpty else {
            report(cases, "cases must be a list of cases, not \(cases.typeName)")
            return nil
        }
        var form = KindForm.Choice(value: members["value"])
        for element in elements {
            guard let one = self.members(of: element, "a case", known: Words.choiceCase, later: []) else { continue }
            let then = required("then", in: one, of: "the case", at: element).map { targets($0, "then") } ?? []
            if (one["equals"] == nil) == (one["when"] == nil) {
                report(element, "a case has exactly one of equals and when")
            }
            if let equals = one["equals"], form.value == nil {
                report(equals, "equals compares with the switch's value, which is missing")
            }
            let condition = one["when"].flatMap { node in expression(node, "when").map { ($0, node) } }
            form.cases.append(KindForm.Choice.Case(equals: one["equals"], condition: condition, then: then))
        }
        form.otherwise = members["default"].map { targets($0, "default") } ?? []
        return .choice(form)
    }

    private mutating func targets(_ node: SourceNode, _ what: String) -> [(name: String, node: SourceNode)] {
        let (names, nodes) = names(node, what, "step ids")
        return zip(names, nodes).map { (name: $0, node: $1) }
    }

    private mutating func emit(_ members: [String: SourceNode], at node: SourceNode) -> KindForm? {
        guard let name = required("name", in: members, of: "\"uses: emit\"", at: node),
            string(name, "name", allowsEmpty: false) != nil
        else { return nil }
        if let run = members["run"] { _ = string(run, "run", allowsEmpty: false) }
        return .emit(KindForm.Emit(name: name, payload: members["payload"], run: members["run"]))
    }
}
