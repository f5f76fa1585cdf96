import Testing
import Workflows

@Suite("Definition keys of queues and limits")
struct QueueKeysTests {
    private static let text = """
        name: team/etl
        priority: 5
        deadline: 1h
        concurrency: { key: "${{ inputs.customer }}", limit: 2, on_conflict: cancel_running }
        inputs: { type: object, required: [customer], properties: { customer: { type: string } } }
        steps:
          - { id: a, uses: noop, concurrency: { limit: 3 } }
          - id: b
            uses: noop
            needs: [a]
            priority: -2
            concurrency: { key: "disk-${{ steps.a.output.disk }}", limit: 1, scope: tenant }
            rate: { key: "${{ inputs.customer }}", limit: 6, per: 1m, burst: 2 }
        """

    @Test("they reach the plan, and come back from the canonical form")
    func plan() throws {
        let workflow = try Workflow(parsing: Array(Self.text.utf8), file: "a.yaml")
        for plan in [workflow.plan, try Workflow(canonical: workflow.definition.canonical).plan] {
            #expect(plan.deadline == .seconds(3600))
            #expect(plan.steps.map(\.priority) == [5, -2])
            #expect(plan.limit?.slots == 2 && plan.limit?.onConflict == .cancelRunning)
            #expect(plan.steps.map(\.limit?.slots) == [3, 1])
            #expect(plan.steps.map(\.limit?.scope) == [.workflow, .tenant])
            #expect(plan.steps[1].rate?.bucket == TokenBucket(interval: 10_000_000, burst: 2))
            #expect(plan.steps[0].isOutputRead, "a limit's key reads it")
        }
        let again = try Workflow(canonical: workflow.definition.canonical)
        #expect(again.definition == workflow.definition)
    }

    @Test("the names of limits: by workflow and key, by the tenant's key, by step where there is no key")
    func names() throws {
        let plan = try Workflow(parsing: Array(Self.text.utf8), file: "a.yaml").plan
        var run = RunState(plan: plan, context: RunContext(input: Array(#"{"customer":"Ada"}"#.utf8)))
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        #expect(try run.runLimitName() == #"team/etl:"Ada""#)
        _ = try run.apply(.start, at: now, random: 0)
        #expect(try run.limitName(of: 0) == "team/etl/a")
        _ = try run.apply(
            .attemptSucceeded(step: 0, attempt: 1, output: Array(#"{"disk":7}"#.utf8)), at: now, random: 0)
        #expect(try run.limitName(of: 1) == #":"disk-7""#)
    }

    @Test("a key that cannot be made says why")
    func keyFails() throws {
        let plan = try Workflow(parsing: Array(Self.text.utf8), file: "a.yaml").plan
        var run = RunState(plan: plan)
        #expect(throws: (any Error).self) { try run.runLimitName() }
        _ = try run.apply(.start, at: Timestamp(microseconds: 0), random: 0)
        #expect(throws: (any Error).self) { try run.limitName(of: 1) }
    }
}
