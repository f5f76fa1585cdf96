import Testing
import Workflows

@Suite("Joins, switches and background steps")
struct BranchTests {
    private static func joined(_ join: String) -> String {
        """
        steps:
          - {id: a, uses: noop}
          - {id: b, uses: noop}
          - {id: c, uses: noop}
          - {id: j, uses: noop, needs: [a, b, c], join: \(join)}
        """
    }

    @Test("any runs with the first that ends well")
    func any() throws {
        var run = try RunDriver(Self.joined("any"))
        try run.apply(.start)
        #expect(try run.fail("a") == ["failed 0 "])
        #expect(try run.succeed("b") == ["succeeded 1", "ready 3"])
        try run.succeed("c")
        try run.succeed("j")
        #expect(run.ending?.lifecycle == .succeeded, "a failure that hurts nobody fails nothing")
    }

    @Test("any is skipped when all have failed, and the run has failed")
    func noneLeft() throws {
        var run = try RunDriver(Self.joined("any"))
        try run.apply(.start)
        for id in ["a", "b"] { try run.fail(id) }
        #expect(try run.fail("c") == ["failed 2 ", "skipped 3 upstream_failed", "ended failed"])
        #expect(run.ending?.failure?.step == "c")
    }

    @Test("two of three")
    func count() throws {
        var run = try RunDriver(Self.joined("2"))
        try run.apply(.start)
        try run.fail("b")
        #expect(try run.succeed("a") == ["succeeded 0"])
        #expect(try run.succeed("c") == ["succeeded 2", "ready 3"])
        var short = try RunDriver(Self.joined("2"))
        try short.apply(.start)
        try short.fail("b")
        #expect(try short.fail("c") == ["failed 2 ", "skipped 3 upstream_failed"])
    }

    private static let choice = """
        steps:
          - id: route
            uses: switch
            with:
              value: ${{ inputs.size }}
              cases:
                - {equals: small, then: [fast]}
                - {when: "${{ inputs.size == 'large' }}", then: [slow, extra]}
              default: [other]
          - {id: fast, uses: noop, needs: [route]}
          - {id: slow, uses: noop, needs: [route]}
          - {id: extra, uses: noop, needs: [route, slow]}
          - {id: other, uses: noop, needs: [route]}
          - {id: last, uses: noop, needs: [fast, slow, extra, other]}
        """

    @Test(
        "a switch runs its case and skips the others",
        arguments: [
            ("small", ["fast"]), ("large", ["slow", "extra"]), ("huge", ["other"]),
        ])
    func chooses(size: String, ids: [String]) throws {
        var run = try RunDriver(Self.choice, input: #"{"size": "\#(size)"}"#)
        try run.apply(.start)
        for id in ids { try run.succeed(id) }
        try run.succeed("last")
        #expect(run.ending?.lifecycle == .succeeded)
        for id in ["fast", "slow", "extra", "other"] {
            #expect(try run.status(id) == (ids.contains(id) ? .succeeded : .skipped))
        }
    }

    @Test("a switch whose expression fails has failed")
    func failingSwitch() throws {
        var run = try RunDriver(Self.choice)
        try run.apply(.start)
        #expect(run.ending?.failure?.code == "expression_failed")
    }

    @Test("the run does not wait for a step in the background, and stops it")
    func background() throws {
        var run = try RunDriver("steps: [{id: side, uses: noop, background: true}, {id: main, uses: noop}]")
        try run.apply(.start)
        #expect(try run.succeed("main") == ["succeeded 1", "drop [0]", "cancelled 0 background", "ended succeeded"])
    }

    @Test("a background step that fails does not fail the run; one that is needed is waited for")
    func neededBackground() throws {
        var run = try RunDriver("steps: [{id: side, uses: noop, background: true}, {id: main, uses: noop}]")
        try run.apply(.start)
        #expect(try run.fail("side") == ["failed 0 "])
        try run.succeed("main")
        #expect(run.ending?.lifecycle == .succeeded)
        var needed = try RunDriver(
            "steps: [{id: side, uses: noop, background: true}, {id: main, uses: noop, needs: [side]}]")
        #expect(try needed.apply(.start) == ["ready 0"])
        #expect(try needed.fail("side") == ["failed 0 ", "skipped 1 upstream_failed", "ended failed"])
    }
}
