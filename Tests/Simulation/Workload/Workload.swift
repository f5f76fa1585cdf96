import Expressions
import JSON
import Workflows

/// Random workflows and the runs that are started of them.
struct Workload: Sendable {
    /// One run that a client wants.
    struct Request: Sendable {
        enum Name: Sendable {
            case idempotencyKey(String)
            case run(RunID)
        }

        var number: Int
        var workflow: String
        var input: [UInt8]
        var name: Name
        var at: Duration
        /// Started together with the one before it.
        var isBatched: Bool
        /// Cancelled so long after its start.
        var cancelAfter: Duration?
        /// By a durable message instead of a command.
        var cancelsByInbox: Bool
        /// A second client sends the same at the same time.
        var isTwin: Bool
        /// A cancel leaves out the clean-up.
        var isForced = false
        /// Its workflow refuses runs for which there is no room.
        var mayBeRefused = false
    }

    /// Task types, each with its pool.
    static let taskTypes = ["compile": "cpu", "check": "cpu", "train": "gpu"]

    let plans: [Plan]
    let requests: [Request]

    init(dice: Dice) throws {
        var plans: [Plan] = []
        for number in 0..<6 { plans.append(try Self.plan(number, dice)) }
        var requests: [Request] = []
        for number in 0..<30 { requests.append(Self.request(number, plans, dice)) }
        let language = try LanguagePlans(dice: dice)
        self.plans = plans + language.all
        for number in 30..<64 {
            var request = Self.request(number, language.started, dice)
            // Seldom: most shall come to their ends.
            if dice.below(2) == 0 { request.cancelAfter = nil }
            request.isForced = dice.below(4) == 0
            request.mayBeRefused = language.refusing.contains(request.workflow)
            requests.append(request)
        }
        self.requests = requests
    }

    private static func plan(_ number: Int, _ dice: Dice) throws -> Plan {
        let count = 8 + dice.below(9)
        var steps: [PlanStep] = []
        for index in 0..<count { steps.append(try step(index, dice)) }
        // Some have time enough for anything, some for nothing.
        let timeout: Duration? =
            switch number {
            case 0: .seconds(20)
            case 1: .seconds(2 + dice.below(3))
            default: nil
            }
        return Plan(name: "w\(number)", steps: steps, timeout: timeout)
    }

    private static func step(_ index: Int, _ dice: Dice) throws -> PlanStep {
        let needs = (max(0, index - 5)..<index).filter { _ in dice.below(3) == 0 }.map(Int32.init)
        let need = dice.pick(needs)
        let condition: String? =
            switch (dice.below(20), need) {
            case (0, _): "inputs.n > 2"
            case (1, let need?): "steps.s\(need).output != null && steps.s\(need).output.n % 2 == 0"
            case (2, let need?): "steps.s\(need).state == 'succeeded'"
            case (3, _) where dice.below(6) == 0: "1 / (inputs.n - inputs.n) == 1"
            default: nil
            }
        var input: Template?
        if let need, dice.below(2) == 0 {
            input = try Template(["from": .string("${{ steps.s\(need).output }}"), "n": "${{ inputs.n }}"])
        }
        let type = dice.pick(taskTypes.keys.sorted()) ?? "compile"
        return PlanStep(
            id: "s\(index)", taskType: type, pool: taskTypes[type] ?? "cpu",
            queue: dice.below(3) == 0 ? "bulk" : "default", needs: needs,
            condition: try condition.map { try Expression($0) }, input: input, retry: retry(dice),
            timeout: dice.below(3) == 0 ? .seconds(2) : nil)
    }

    static func retry(_ dice: Dice) -> RetryPolicy {
        switch dice.below(4) {
        case 0: RetryPolicy(strategy: .fixed, maxAttempts: 4, delay: .milliseconds(500))
        case 1: RetryPolicy(strategy: .linear, maxAttempts: 5, delay: .milliseconds(300))
        case 2: RetryPolicy(strategy: .exponential, maxAttempts: 6, delay: .milliseconds(100), maxDelay: .seconds(2))
        default: RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .zero, jitter: 0)
        }
    }

    /// Early, too late, or not at all.
    private static func cancelAfter(_ dice: Dice) -> Duration? {
        switch dice.below(15) {
        case 0...2: dice.milliseconds(0...6000)
        case 3: dice.milliseconds(12_000...20_000)
        default: nil
        }
    }

    private static func request(_ number: Int, _ plans: [Plan], _ dice: Dice) -> Request {
        let plan = plans[number % plans.count]
        let name: Request.Name =
            dice.below(2) == 0
            ? .idempotencyKey("run-\(number)")
            : .run(
                RunID(
                    at: Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number) * 1_000_000),
                    random: RunID.Bytes(high: dice.next(), low: dice.next())))
        return Request(
            number: number, workflow: plan.name, input: Array(#"{"n":\#(dice.below(6))}"#.utf8), name: name,
            at: dice.milliseconds(0...24_000), isBatched: dice.below(4) == 0,
            cancelAfter: cancelAfter(dice), cancelsByInbox: dice.below(3) == 0,
            isTwin: dice.below(5) == 0)
    }
}
