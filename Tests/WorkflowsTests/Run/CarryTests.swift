import Testing
import Workflows

/// Runs that repeat a part of another.
@Suite("Reruns in part")
struct CarryTests {
    private static let body = """
        setup: [{id: s, uses: noop}]
        steps:
          - {id: a, uses: noop}
          - {id: pick, uses: switch, needs: [a], with: {cases: [{when: "true", then: [b]}], default: [d]}}
          - {id: b, uses: noop, needs: [pick], with: {from: "${{ steps.a.output }}"}}
          - {id: d, uses: noop, needs: [pick]}
          - {id: each, uses: noop, needs: [a], for_each: [1, 2]}
          - {id: last, uses: noop, needs: [b, each]}
        output: ["${{ steps.each.output }}", "${{ steps.last.output }}"]
        """

    /// Steps by their number: a 0, pick 1, b 2, d 3, each 4, last 5, s 6.
    private func failed() throws -> RunDriver {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.succeed("s")
        try run.succeed("a", "\"A\"")
        try run.succeed("b", "\"B\"")
        try run.succeed(7, "1")
        try run.succeed(8, "2")
        try run.fail("last")
        #expect(run.ending?.lifecycle == .failed)
        return run
    }

    private func text(_ outputs: [Int32: [UInt8]]) -> [Int32: String] {
        outputs.mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test("what has succeeded is taken over, but for a switch, the setup, and what comes after a step done again")
    func whatIsCarried() throws {
        let run = try failed()
        #expect(
            text(run.run.carried(repeating: nil, history: run.history)) == [0: "\"A\"", 2: "\"B\"", 4: "[1,2]"])
        #expect(text(run.run.carried(repeating: 2, history: run.history)) == [0: "\"A\"", 4: "[1,2]"])
        #expect(run.run.carried(repeating: 0, history: run.history).isEmpty)
    }

    @Test("steps that were taken over succeed without an attempt when their turn comes")
    func carry() throws {
        let old = try failed()
        var carried = Carried(origin: RunDriver.id, outputs: old.run.carried(repeating: nil, history: old.history))
        carried.inputs[5] = Array(#"{"edited":true}"#.utf8)
        var run = try RunDriver(Self.body)
        #expect(try run.apply(.carry(carried)) == ["carried -2"])
        #expect(run.run.lifecycle == .queued)
        #expect(try run.apply(.start) == ["ready 6"])
        #expect(throws: RunRejection.alreadyStarted) { try run.apply(.carry(carried)) }
        let effects = try run.succeed("s")
        #expect(effects.contains("succeeded 0") && effects.contains("succeeded 2") && effects.contains("succeeded 4"))
        #expect(effects.contains("skipped 3 not_chosen"), "the switch decides the same")
        #expect(effects.last == "ready 5")
        #expect(try run.input(5) == #"{"edited":true}"#)
        try run.succeed("last", "9")
        #expect(run.ending?.output == "[[1,2],9]")
    }
}
