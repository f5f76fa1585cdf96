import Testing
import Workflows

@Suite("for_each")
struct FanOutTests {
    private static let body = """
        steps:
          - id: each
            uses: noop
            for_each: ${{ inputs.files }}
            max_parallel: 2
            retry: {max_attempts: 2, delay: 1s, jitter: 0}
            with: {file: "${{ item.name }}", at: "${{ item_index }}"}
          - id: after
            uses: noop
            needs: [each]
        output: ${{ steps.each.output }}
        """
    private static let files = #"{"files": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}"#

    @Test("at most max_parallel items have tokens, and their outputs come in order")
    func items() throws {
        var run = try RunDriver(Self.body, input: Self.files)
        #expect(try run.apply(.start) == ["expanded 0", "ready 2", "ready 3"])
        #expect(run.run.status(of: 0) == .open)
        #expect(try run.input(3) == #"{"file":"b","at":1}"#)
        #expect(run.run.name(of: 3) == "each:3" && run.run.plan.index(of: "each:3") == 3)
        #expect(try run.succeed(3, "2") == ["succeeded 3", "ready 4"])
        #expect(try run.succeed(2, "1") == ["succeeded 2"])
        #expect(try run.succeed(4, "3") == ["succeeded 4", "succeeded 0", "ready 1"])
        #expect(try run.output("each") == "[1,2,3]")
        #expect(run.run.outputs.count == 1, "the items' own outputs are forgotten")
        try run.succeed("after")
        #expect(run.ending?.output == "[1,2,3]")
    }

    @Test("an item has retries of its own; one that fails for good fails the step after the others")
    func failure() throws {
        var run = try RunDriver(Self.body, input: Self.files)
        try run.apply(.start)
        #expect(try run.fail(2, retryable: true) == ["scheduled 2 ", "retry 2"])
        #expect(try run.fail(2, retryable: true, attempt: 2) == ["failed 2 ", "ready 4"])
        try run.succeed(3)
        #expect(try run.succeed(4).contains("failed 0 "))
        #expect(run.ending?.lifecycle == .failed)
        #expect(run.ending?.failure?.step == "each")
        #expect(run.ending?.failure?.message == "item 0 has failed: boom")
    }

    @Test("an empty list is done at once")
    func empty() throws {
        var run = try RunDriver(Self.body, input: #"{"files": []}"#)
        #expect(try run.apply(.start) == ["succeeded 0", "ready 1"])
        #expect(try run.output("each") == "[]")
    }

    @Test(
        "what is no list, or too long, fails the step",
        arguments: [
            (#"{"files": 3}"#, "not_a_list"), (#"{"files": {"a": 1}}"#, "not_a_list"), ("{}", "expression_failed"),
        ])
    func refused(input: String, code: String) throws {
        var run = try RunDriver(Self.body, input: input)
        try run.apply(.start)
        #expect(run.ending?.failure?.code == code)
        #expect(run.ending?.lifecycle == .failed)
    }

    @Test("over 100,000 items are refused; 100,000 are taken")
    func limit() throws {
        let many = "[" + repeatElement("1", count: FanOut.mostItems).joined(separator: ",")
        var run = try RunDriver(Self.body, input: #"{"files": \#(many),1]}"#)
        try run.apply(.start)
        #expect(run.ending?.failure?.code == "too_many_items")
        var fits = try RunDriver(Self.body, input: #"{"files": \#(many)]}"#)
        #expect(try fits.apply(.start) == ["expanded 0", "ready 2", "ready 3"])
        #expect(fits.run.statuses.count == 100_002)
    }

    @Test("a literal list, and items that wait")
    func waits() throws {
        var run = try RunDriver(
            "steps: [{id: w, uses: wait, for_each: [x, y], with: {signal: \"go-${{ item }}\"}}]")
        try run.apply(.signal(RunSignal(name: "go-y", id: "1", payload: Array("7".utf8))))
        #expect(try run.apply(.start) == ["expanded 0", "waiting 1", "wait 1 signal", "waiting 2", "succeeded 2"])
        try run.apply(.signal(RunSignal(name: "go-x", id: "2", payload: Array("8".utf8))))
        #expect(run.ending?.output == "[8,7]")
    }

    @Test("10,000 items end one by one, each in constant time")
    func many() throws {
        let items = "[" + repeatElement("1", count: 10_000).joined(separator: ",") + "]"
        let plan = try Workflow(
            parsing: Array(
                "name: many\nsteps: [{id: e, uses: noop, for_each: \"${{ inputs.i }}\", max_parallel: 50}]".utf8),
            file: "many"
        ).plan
        var run = RunState(plan: plan, context: RunContext(input: Array(#"{"i": \#(items)}"#.utf8)))
        var ready = Self.ready(try run.apply(.start, at: RunDriver.now, random: 0))
        var most = 0
        while let next = ready.popLast() {
            most = max(most, run.liveCount)
            ready += Self.ready(
                try run.apply(
                    .attemptSucceeded(step: next, attempt: 1, output: Array("1".utf8)), at: RunDriver.now, random: 0))
        }
        #expect(run.lifecycle == .succeeded && most == 50 && run.endedCount == 10_001)
    }

    private static func ready(_ effects: [RunEffect]) -> [Int32] {
        effects.compactMap { if case .ready(let step, _) = $0 { step } else { nil } }
    }

    @Test("several in one revision keep their numbers, in whatever order their lines come back")
    func severalAtOnce() throws {
        var run = try RunDriver(
            """
            steps:
              - { id: late, uses: noop, needs: [e], for_each: [1, 2] }
              - { id: e, uses: emit, with: { name: x } }
              - { id: now, uses: noop, for_each: [1, 2, 3], needs: [e] }
              - { id: last, uses: noop, needs: [switch] , for_each: [1] }
              - { id: switch, uses: emit, needs: [tell], with: { name: y } }
              - { id: tell, uses: emit, for_each: [1, 2], with: { name: z } }
            """)
        try run.apply(.start)
        let names = run.run.statuses.indices.compactMap { run.run.name(of: Int32($0)) }.dropFirst(6)
        #expect(Set(names) == ["tell:6", "tell:7", "late:8", "late:9", "now:10", "now:11", "now:12", "last:13"])
        for name in names where !name.hasPrefix("tell") { try run.succeed(name) }
        #expect(run.ending?.lifecycle == .succeeded)
    }
}
