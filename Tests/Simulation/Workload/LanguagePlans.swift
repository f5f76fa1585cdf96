import Expressions
import JSON
import Workflows

/// Random workflows of the whole language: lists, joins, switches, waits, approvals, children, messages, stages,
/// handlers, steps in the background, and limits of runs and steps.
struct LanguagePlans: Sendable {
    /// Those that clients start.
    private(set) var started: [Plan] = []
    /// Those that only other workflows start.
    private(set) var children: [Plan] = []
    /// Workflows that refuse runs for which there is no room.
    private(set) var refusing: Set<String> = []

    var all: [Plan] { started + children }

    /// Nobody ever sends it.
    static let silence = "silence"
    static let signals = ["go", "stop", silence]

    init(dice: Dice) throws {
        let key = try Template("${{ inputs.n % 2 }}")
        let limits: [(PlanLimit?, PlanPacing?)] = [
            (nil, nil), (PlanLimit(key: key, slots: 1), nil), (PlanLimit(slots: 3, onConflict: .cancelRunning), nil),
            (PlanLimit(key: key, slots: 1, onConflict: .reject, scope: .tenant), nil),
            (PlanLimit(slots: 2), PlanPacing(.throttle(Throttle(limit: 2, per: .seconds(2))))),
            (nil, PlanPacing(.throttle(Throttle(limit: 1, per: .seconds(3), excess: .drop)))),
            (nil, PlanPacing(key: key, .debounce(Debounce(quiet: .milliseconds(700), longest: .seconds(3))))),
        ]
        for (number, limit) in limits.enumerated() {
            var maker = LanguagePlan(dice: dice, children: ["leaf", "line", "missing"])
            let plan = try maker.plan("l\(number)", limit: limit.0, pacing: limit.1)
            started.append(plan)
            if number == 3 || number == 5 { refusing.insert(plan.name) }
        }
        for (name, limit) in [("leaf", nil), ("line", PlanLimit(slots: 1))] {
            var maker = LanguagePlan(dice: dice, children: [])
            children.append(try maker.child(name, limit: limit))
        }
    }
}

/// Makes one of them.
struct LanguagePlan {
    let dice: Dice
    /// Workflows that a step may run.
    let children: [String]
    private var steps: [PlanStep] = []

    init(dice: Dice, children: [String]) {
        self.dice = dice
        self.children = children
    }

    mutating func plan(_ name: String, limit: PlanLimit?, pacing: PlanPacing?) throws -> Plan {
        let main = Int32(5 + dice.below(6))
        for index in 0..<main { steps.append(try step(index)) }
        try choose(among: main)
        let setup = main + Int32(dice.below(3) == 0 ? 1 + dice.below(2) : 0)
        for index in main..<setup { steps.append(task(index, needs: index > main ? [index - 1] : [])) }
        let finally = setup + Int32(dice.below(2) == 0 ? 1 + dice.below(2) : 0)
        for index in setup..<finally { steps.append(task(index, needs: index > setup ? [index - 1] : [])) }
        var handlers: [FailureHandler] = []
        if dice.below(2) == 0 {
            let first = Int32(steps.count)
            steps.append(task(first, needs: []))
            if dice.below(2) == 0 { steps.append(task(first + 1, needs: [first])) }
            handlers.append(
                FailureHandler(
                    step: dice.below(2) == 0 ? Int32(dice.below(Int(main))) : nil,
                    error: dice.below(3) == 0 ? "error" : nil, steps: first..<Int32(steps.count),
                    recover: dice.below(2) == 0 ? try Template(["n": 4, "mended": true]) : nil))
        }
        return Plan(
            name: name, steps: steps, parts: Plan.Parts(main: 0..<main, setup: main..<setup, finally: setup..<finally),
            handlers: handlers, timeout: dice.below(4) == 0 ? .seconds(15) : nil, limit: limit, pacing: pacing)
    }

    /// A short one.
    mutating func child(_ name: String, limit: PlanLimit?) throws -> Plan {
        for index in 0..<Int32(1 + dice.below(2)) { steps.append(task(index, needs: index > 0 ? [index - 1] : [])) }
        return Plan(name: name, steps: steps, limit: limit)
    }

    // MARK: Steps

    private func step(_ index: Int32) throws -> PlanStep {
        let needs = (max(0, index - 4)..<index).filter { _ in dice.below(3) == 0 }
        var step = task(index, needs: needs)
        step.kind = try kind(index)
        if case .task = step.kind {
            if dice.below(3) == 0 {
                step.fanOut = FanOut(
                    items: try Expression("[inputs.n, 1, 2].filter(x, x < 5)"), maxParallel: 1 + dice.below(3))
                step.input = try Template(["item": "${{ item }}", "at": "${{ item_index }}"])
            } else if let need = dice.pick(needs) {
                step.input = try Template(["from": .string("${{ steps.s\(need).output }}")])
            }
            if dice.below(4) == 0 {
                step.limit = PlanLimit(
                    key: dice.below(2) == 0 ? try Template("${{ inputs.n % 3 }}") : nil,
                    slots: Int32(1 + dice.below(2)),
                    scope: dice.below(2) == 0 ? .tenant : .workflow)
                // Those that share a key share its size.
                if step.limit?.key != nil { step.limit?.slots = 2 }
            }
            // Without a throw of the dice: what else a seed makes stays as it is.
            if index % 3 == 1 { step.breaker = try LanguagePlan.breaker() }
            if dice.below(7) == 0 {
                step.rate = PlanRate(bucket: TokenBucket(interval: 300_000, burst: 2))
            }
        } else {
            step.retry = .never
            step.timeout = nil
        }
        if needs.count > 1, dice.below(3) == 0 { step.join = dice.below(2) == 0 ? .any : .count(needs.count - 1) }
        if step.join != .all { step.input = nil }
        if dice.below(8) == 0 { step.condition = try Expression("inputs.n > 1") }
        if dice.below(10) == 0 { step.deadline = .seconds(2 + dice.below(6)) }
        if dice.below(10) == 0 { step.isBackground = true }
        return step
    }

    /// Few failures open it, and a run's time is enough for it to close.
    private static func breaker() throws -> PlanBreaker {
        PlanBreaker(
            target: try Template("host-${{ inputs.n % 3 }}"),
            rule: BreakerRule(failures: 2, window: .seconds(2), pause: .milliseconds(400), probes: 1), scope: .tenant)
    }

    private func task(_ index: Int32, needs: [Int32]) -> PlanStep {
        let type = dice.pick(Workload.taskTypes.keys.sorted()) ?? "compile"
        return PlanStep(
            id: "s\(index)", taskType: type, pool: Workload.taskTypes[type] ?? "cpu",
            queue: dice.below(2) == 0 ? "bulk" : "default", priority: Int32(dice.below(5)), needs: needs,
            retry: Workload.retry(dice), timeout: dice.below(3) == 0 ? .seconds(2) : nil)
    }

    private func kind(_ index: Int32) throws -> StepKind {
        switch dice.below(20) {
        case 0: return .wait(WaitRule(until: .duration(try Template(.string("\(dice.below(900))ms")))))
        case 1: return .wait(WaitRule(until: .time(try Template(.string("2027-01-15T08:00:\(10 + dice.below(20))Z")))))
        case 2, 3:
            let name = LanguagePlans.signals[dice.below(3)]
            let isSilent = name == LanguagePlans.silence
            return .wait(
                WaitRule(
                    until: .signal(try Template(.string(name))),
                    timeout: isSilent || dice.below(2) == 0 ? dice.milliseconds(500...4000) : nil,
                    onTimeout: dice.below(2) == 0 ? .proceed : .fail))
        case 4, 5:
            let actions = TimeoutAction.allCases
            return .approval(
                ApprovalRule(
                    quorum: 1 + dice.below(2), timeout: dice.below(2) == 0 ? dice.milliseconds(500...4000) : nil,
                    onTimeout: actions[dice.below(actions.count)]))
        case 6,
            7 where !children.isEmpty:
            // Seldom one that does not exist.
            let name = dice.below(10) == 0 ? children[children.count - 1] : children[dice.below(children.count - 1)]
            return .workflow(
                ChildRule(
                    name: try Template(.string(name)), inputs: try Template(["n": "${{ inputs.n }}"]),
                    onParentCancel: dice.below(3) == 0 ? .abandon : .cancel))
        case 8:
            return .emit(
                EmitRule(
                    name: try Template("go"), payload: try Template(["step": .string("s\(index)")]),
                    run: dice.below(3) > 0 ? try Template("${{ run.id }}") : nil))
        default: return .task
        }
    }

    /// Turns a step into a switch over some of those behind it.
    private mutating func choose(among main: Int32) throws {
        guard dice.below(2) == 0, main > 4 else { return }
        let choice = Int32(dice.below(2))
        let targets = [choice + 1, choice + 2, choice + 3]
        for target in targets {
            let index = Int(target)
            steps[index].needs = [choice]
            steps[index].join = .all
            if case .task = steps[index].kind, steps[index].fanOut == nil { steps[index].input = nil }
        }
        var step = PlanStep(id: "s\(choice)", taskType: "switch", needs: steps[Int(choice)].needs)
        step.kind = .choice(
            ChoiceRule(
                value: try Template("${{ inputs.n % 3 }}"),
                cases: [
                    ChoiceRule.Case(equals: 0, then: [targets[0]]),
                    ChoiceRule.Case(condition: try Expression("inputs.n == 1"), then: [targets[1], targets[2]]),
                ], otherwise: dice.below(2) == 0 ? [targets[2]] : []))
        steps[Int(choice)] = step
    }
}
