extension RunState {
    /// The step of the plan that this one is, or was made of. A copy, which costs: what is asked of each step takes the part
    /// that it needs by `templateIndex(of:)`.
    public func template(of step: Int32) -> PlanStep? {
        templateIndex(of: step).map { plan.steps[Int($0)] }
    }

    /// The index of `template(of:)`.
    public func templateIndex(of step: Int32) -> Int32? {
        var step = step
        while true {
            if plan.steps.indices.contains(Int(step)) { return step }
            guard let position = expansionIndex(containing: step) else { return nil }
            let expansion = expansions[position]
            switch expansion.kind {
            case .items: step = expansion.owner
            case .handler(let handler, _): return plan.handlers[handler].steps.lowerBound + (step - expansion.base)
            }
        }
    }

    /// The step's id; that of one which the run has made has its number too: `each:10003`.
    public func name(of step: Int32) -> String? {
        guard let index = templateIndex(of: step) else { return nil }
        let id = plan.steps[Int(index)].id
        return index == step ? id : "\(id):\(step)"
    }

    /// The number of the step that has this name; `nil` when there is none.
    public func number(of name: String) -> Int32? {
        guard let step = plan.index(of: name), self.name(of: step) == name else { return nil }
        return step
    }

    /// The item of a `for_each` that a step is.
    public func item(of step: Int32) -> (index: Int32, value: [UInt8])? {
        guard let position = expansionIndex(containing: step), case .items(let items) = expansions[position].kind
        else { return nil }
        let index = step - expansions[position].base
        return (index, items[Int(index)])
    }

    /// How many items of a step, or steps of its handler, have not ended.
    public func unendedParts(of step: Int32) -> Int {
        expansionOf[step].map { Int(expansions[$0].unended) } ?? 0
    }

    /// Which expansion a step that the run has made belongs to.
    func expansionIndex(containing step: Int32) -> Int? {
        guard step >= plan.steps.count else { return nil }
        var low = 0
        var high = expansions.count
        while low < high {
            let middle = (low + high) / 2
            if expansions[middle].base + expansions[middle].count <= step { low = middle + 1 } else { high = middle }
        }
        return low < expansions.count && expansions[low].contains(step) ? low : nil
    }

    /// The expansion of a handler that a step belongs to, directly or as an item; of a step that is being handled, its
    /// own.
    func handling(_ step: Int32) -> Expansion? {
        if let position = expansionOf[step], case .handler = expansions[position].kind { return expansions[position] }
        var step = step
        while let position = expansionIndex(containing: step) {
            switch expansions[position].kind {
            case .items: step = expansions[position].owner
            case .handler: return expansions[position]
            }
        }
        return nil
    }

    /// The step that a name within the plan means to a step: within a handler, the handler's own steps.
    func resolve(_ target: Int32, for step: Int32?) -> Int32 {
        guard let step, let expansion = handling(step), case .handler(let handler, _) = expansion.kind,
            plan.handlers[handler].steps.contains(target)
        else { return target }
        return expansion.base + target - plan.handlers[handler].steps.lowerBound
    }

    private var planned: Int32 { Int32(plan.steps.count) }

    /// Whether the run waits for the step itself.
    private func isAwaited(_ step: Int32) -> Bool { step < planned && plan.steps[Int(step)].isAwaited }

    // MARK: - Changes that applying and replaying share

    mutating func makeLive(_ step: Int32) {
        statuses[Int(step)] = .live(failures: 0)
        liveCount += 1
        if isAwaited(step) { awaitedCount += 1 }
    }

    /// Answers whether the step had not ended before.
    @discardableResult
    mutating func end(_ step: Int32, as status: StepStatus) -> Bool {
        switch statuses[Int(step)] {
        case .live:
            liveCount -= 1
            if isAwaited(step) { awaitedCount -= 1 }
        case .open:
            if isAwaited(step) { awaitedCount -= 1 }
        case .pending: break
        // Recorded once; a history that says it again changes nothing.
        case .succeeded, .failed, .skipped, .cancelled: return false
        }
        statuses[Int(step)] = status
        endedCount += 1
        if let wait = waits.removeValue(forKey: step) {
            if wait.kind == .signal { signals.leave(step, wait.subject) }
            decisions[step] = nil
        }
        if !outcomeKeys.isEmpty { outcomeKeys[step] = nil }
        // Those of the items of a failed step are kept: it may be reopened.
        if let position = expansionOf.removeValue(forKey: step), status != .failed {
            forgetOutputs(of: expansions[position])
        }
        return true
    }

    private mutating func forgetOutputs(of expansion: Expansion) {
        for step in expansion.base..<expansion.base + expansion.count { outputs[step] = nil }
    }

    /// Those that need the step, as numbers in the same expansion.
    private func dependents(of step: Int32) -> (steps: [Int32], offset: Int32) {
        guard let position = expansionIndex(containing: step) else { return (plan.steps[Int(step)].dependents, 0) }
        let expansion = expansions[position]
        guard case .handler(let handler, _) = expansion.kind else { return ([], 0) }
        let first = plan.handlers[handler].steps.lowerBound
        return (plan.steps[Int(first + step - expansion.base)].dependents, expansion.base - first)
    }

    /// Tells those that need the step, and the expansion that it belongs to, that it has ended.
    mutating func settle(_ step: Int32, well: Bool, failure: StepFailure?, into follows: inout Consequences) {
        let (dependents, offset) = dependents(of: step)
        var hurts = dependents.isEmpty
        for dependent in dependents {
            let dependent = dependent + offset
            guard case .pending(let missing, let spare) = statuses[Int(dependent)] else { continue }
            if well {
                statuses[Int(dependent)] = .pending(missing: missing - 1, spare: spare)
                guard missing == 1 else { continue }
                makeLive(dependent)
                follows.released.append(dependent)
            } else {
                statuses[Int(dependent)] = .pending(missing: missing, spare: spare - 1)
                guard spare == 0 else { continue }
                hurts = true
                follows.spoiled.append((dependent, step))
            }
        }
        if let position = expansionIndex(containing: step) {
            settle(step, in: position, failure: well ? nil : failure, into: &follows)
        } else if !well, hurts, self.failure == nil, plan.steps[Int(step)].isAwaited, var failure,
            failure.kind != .skipped
        {
            failure.step = plan.steps[Int(step)].id
            self.failure = failure
        }
    }

    private mutating func settle(
        _ step: Int32, in position: Int, failure: StepFailure?, into follows: inout Consequences
    ) {
        expansions[position].unended -= 1
        if let failure, expansions[position].failure == nil {
            expansions[position].failure = failure
            expansions[position].failed = step - expansions[position].base
        }
        let expansion = expansions[position]
        if let again = expansion.again.first {
            expansions[position].again.removeFirst()
            makeLive(again)
            follows.released.append(again)
        } else if case .items = expansion.kind, expansion.next < expansion.count {
            expansions[position].next += 1
            makeLive(expansion.base + expansion.next)
            follows.released.append(expansion.base + expansion.next)
        }
        if expansion.unended == 0 { follows.settled.append(expansion.owner) }
    }
}
