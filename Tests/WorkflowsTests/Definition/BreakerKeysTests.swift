import Testing
import Workflows

@Suite("Definition keys of breakers")
struct BreakerKeysTests {
    private static func text(_ breaker: String, more: String = "") -> String {
        """
        name: team/sync
        inputs: { type: object, required: [host], properties: { host: { type: string } } }
        steps:
          - { id: call, uses: noop, \(more)breaker: \(breaker) }
        """
    }

    private static let whole = """
        { target: "${{ inputs.host }}", failures: 7, ratio: 0.25, window: 2m, open: 45s, probes: 3, scope: tenant }
        """

    @Test("they reach the plan, and come back from the canonical form")
    func plan() throws {
        let workflow = try Workflow(parsing: Array(Self.text(Self.whole).utf8), file: "a.yaml")
        for plan in [workflow.plan, try Workflow(canonical: workflow.definition.canonical).plan] {
            let breaker = try #require(plan.steps[0].breaker)
            #expect(
                breaker.rule
                    == BreakerRule(failures: 7, ratio: 0.25, window: .seconds(120), pause: .seconds(45), probes: 3))
            #expect(breaker.scope == .tenant)
            let run = RunState(plan: plan, context: RunContext(input: Array(#"{"host":"a.example"}"#.utf8)))
            #expect(try run.breakerName(of: 0) == #":"a.example""#)
            #expect(throws: (any Error).self) { try RunState(plan: plan).breakerName(of: 0) }
        }
        let short = try Workflow(parsing: Array(Self.text(#"{ target: "db" }"#).utf8), file: "a.yaml")
        #expect(short.plan.steps[0].breaker?.rule == BreakerRule())
        #expect(try RunState(plan: short.plan).breakerName(of: 0) == #"team/sync:"db""#)
    }

    @Test(
        "what is refused, at its place",
        arguments: [
            ("{ failures: 3 }", "target"), ("{ target: a, failures: 0 }", "failures must be"),
            ("{ target: a, ratio: 0 }", "ratio must be"), ("{ target: a, ratio: 1.5 }", "ratio must be"),
            ("{ target: a, window: 10ms }", "window must be from 1s to 24h"),
            ("{ target: a, open: 8d }", "open"), ("{ target: a, probes: 1001 }", "probes must be"),
            ("{ target: a, scope: world }", "unknown scope"), ("{ target: a, trips: 3 }", "trips"),
            (#"{ target: "${{ inputs.hots }}" }"#, "hots"),
        ])
    func refusals(breaker: String, message: String) {
        let error = #expect(throws: DefinitionError.self) {
            _ = try Workflow(parsing: Array(Self.text(breaker).utf8), file: "a.yaml")
        }
        #expect(error?.diagnostics.contains { $0.message.contains(message) && $0.line == 4 } == true, "\(error as Any)")
    }

    @Test("a step may have a limit and a breaker; what the engine does itself has none")
    func places() throws {
        let text = Self.text("{ target: a }", more: "concurrency: { limit: 2 }, ")
        let workflow = try Workflow(parsing: Array(text.utf8), file: "a.yaml")
        for plan in [workflow.plan, try Workflow(canonical: workflow.definition.canonical).plan] {
            #expect(plan.steps[0].limit?.slots == 2 && plan.steps[0].breaker?.rule == BreakerRule())
            #expect(try RunState(plan: plan).limitName(of: 0) == "team/sync/call")
            #expect(try RunState(plan: plan).breakerName(of: 0) == #"team/sync:"a""#)
        }
        let wait = "name: a\nsteps: [{ id: w, uses: wait, with: { for: 1s }, breaker: { target: a } }]"
        #expect(throws: DefinitionError.self) { _ = try Workflow(parsing: Array(wait.utf8), file: "a.yaml") }
    }
}
