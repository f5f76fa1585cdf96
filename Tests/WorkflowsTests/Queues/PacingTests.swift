import Testing
import Workflows

@Suite("Pacing of starts")
struct PacingTests {
    /// When runs start that are asked for at these times, in µs.
    private func starts(_ throttle: Throttle, arrivals: [Int64]) -> [Int64] {
        var window = StartWindow()
        var last: Int64 = 0
        return arrivals.map { now in
            window.start -= now - last
            last = now
            return now + window.reserve(throttle)
        }
    }

    @Test("a window's starts go at once, the rest in the windows after it")
    func windows() {
        let throttle = Throttle(limit: 2, per: .microseconds(100))
        #expect(starts(throttle, arrivals: [0, 10, 20, 30, 40, 250]) == [0, 10, 100, 100, 200, 250])
        #expect(
            starts(throttle, arrivals: [0, 99, 100, 101, 102]) == [0, 99, 100, 101, 202].map { $0 == 202 ? 200 : $0 })
    }

    @Test("after a pause the next window begins with the next start, and nothing is saved up")
    func pause() {
        let throttle = Throttle(limit: 2, per: .microseconds(100))
        #expect(starts(throttle, arrivals: [0, 1_050, 1_060, 1_070]) == [0, 1_050, 1_060, 1_150])
    }

    @Test("never more starts than the limit in any window, and none is lost", arguments: [1, 3, 7] as [Int32])
    func bound(limit: Int32) {
        let throttle = Throttle(limit: limit, per: .microseconds(100))
        var arrivals: [Int64] = []
        for clump in 0..<60 { arrivals += Array(repeating: Int64(clump * 37), count: clump % 5) }
        var window = StartWindow()
        var last: Int64 = 0
        var counts: [Int64: Int32] = [:]
        for now in arrivals {
            window.start -= now - last
            last = now
            let start = now + window.reserve(throttle)
            let begin = now + window.start
            #expect((begin..<begin + 100).contains(start))
            counts[begin, default: 0] += 1
        }
        #expect(counts.values.allSatisfy { $0 <= limit })
        let begins = counts.keys.sorted()
        #expect(zip(begins, begins.dropFirst()).allSatisfy { $1 - $0 >= 100 }, "windows do not overlap")
        #expect(counts.values.reduce(0) { $0 + Int($1) } == arrivals.count)
    }

    @Test("what a window has left, and when it ends")
    func room() {
        let throttle = Throttle(limit: 3, per: .microseconds(100), excess: .drop)
        #expect(StartWindow().room(throttle) == 3)
        #expect(StartWindow(start: -50, used: 2).room(throttle) == 1)
        #expect(StartWindow(start: -50, used: 3).room(throttle) == 0)
        #expect(StartWindow(start: -100, used: 3).room(throttle) == 3, "it has passed")
        #expect(StartWindow(start: -30, used: 3).end(throttle) == 70)
        let endless = Throttle(limit: 1, per: .seconds(Int64.max / 1_000_000))
        var window = StartWindow(start: .max - 1, used: 1)
        #expect(window.reserve(endless) > 0, "nothing overflows")
    }

    @Test("a debounced run waits for quiet, but not longer than it may")
    func debounce() {
        let debounce = Debounce(quiet: .seconds(10), longest: .seconds(25))
        #expect(debounce.delay(age: .zero) == .seconds(10))
        #expect(debounce.delay(age: .seconds(14)) == .seconds(10))
        #expect(debounce.delay(age: .seconds(20)) == .seconds(5))
        #expect(debounce.delay(age: .seconds(40)) == .zero)
    }

    private func workflow(_ more: String) throws -> Workflow {
        try Workflow(
            parsing: Array(
                """
                name: team/sync
                \(more)
                inputs: { type: object, properties: { branch: { type: string } } }
                steps: [{ id: a, uses: noop }]
                """.utf8), file: "a.yaml")
    }

    @Test("both reach the plan, and come back from the canonical form")
    func definitions() throws {
        let throttled = try workflow("throttle: { key: \"${{ inputs.branch }}\", limit: 5, per: 1m, on_excess: drop }")
        let debounced = try workflow(
            "debounce: { quiet: 10s, longest: 5m, scope: tenant, key: \"b-${{ inputs.branch }}\" }")
        for plan in [throttled.plan, try Workflow(canonical: throttled.definition.canonical).plan] {
            #expect(plan.pacing?.rule == .throttle(Throttle(limit: 5, per: .seconds(60), excess: .drop)))
        }
        for plan in [debounced.plan, try Workflow(canonical: debounced.definition.canonical).plan] {
            #expect(plan.pacing?.rule == .debounce(Debounce(quiet: .seconds(10), longest: .seconds(300))))
        }
        let context = RunContext(input: Array(#"{"branch":"main"}"#.utf8))
        #expect(try RunState(plan: throttled.plan, context: context).pacingName() == #"team/sync:"main""#)
        #expect(try RunState(plan: debounced.plan, context: context).pacingName() == #":"b-main""#)
        let all = try workflow("throttle: { limit: 1, per: 1s }")
        #expect(try RunState(plan: all.plan, context: context).pacingName() == "team/sync/run")
        #expect(try RunState(plan: workflow("priority: 1").plan, context: context).pacingName() == nil)
    }

    @Test(
        "what is refused",
        arguments: [
            ("throttle: { limit: 5 }", "2:11 throttle has no \"per\""),
            ("throttle: { limit: 0, per: 1m }", "2:20 limit must be an integer from 1 to 1000000"),
            ("throttle: { limit: 1, per: 60d }", "2:28 per must be from 1ms to 31 days"),
            ("throttle: { limit: 1, per: 1m, on_excess: queue }", "2:43 unknown on_excess \"queue\""),
            ("debounce: { quiet: 10s }", "2:11 debounce has no \"longest\""),
            ("debounce: { quiet: 10s, longest: 5s }", "2:34 longest must be at least as long as quiet"),
            (
                "debounce: { quiet: 1s, longest: 5s, key: \"${{ steps.a.output }}\" }",
                "2:47 no step has run yet when labels and the key of a run are made"
            ),
            (
                "throttle: { limit: 1, per: 1m }\ndebounce: { quiet: 1s, longest: 5s }",
                "3:11 a workflow has a throttle or a debounce, not both"
            ),
            (
                "debounce: { quiet: 1s, longest: 5s }\nconcurrency: { limit: 1, on_conflict: reject }",
                "3:39 a run that waits to start cannot also be refused or make room for itself"
            ),
        ])
    func refusals(_ text: String, _ expected: String) {
        do {
            _ = try workflow(text)
            Issue.record("accepted")
        } catch let error as DefinitionError {
            #expect(error.diagnostics.map { "\($0.line):\($0.column) \($0.message)" } == [expected])
        } catch {
            Issue.record("\(error)")
        }
    }
}
