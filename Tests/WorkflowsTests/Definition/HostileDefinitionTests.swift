import Testing
import Workflows

/// Definitions made to be expensive. Each of these took minutes or more with a check that looks at everything for every
/// mistake; the limit is there to fail, not to measure.
@Suite("Hostile definitions", .timeLimit(.minutes(1)))
struct HostileDefinitionTests {
    private func problems(_ body: String) -> [Diagnostic] {
        do {
            _ = try Workflow(parsing: Array("name: a\n\(body)".utf8), file: "a.yaml")
            return []
        } catch {
            return error.diagnostics
        }
    }

    @Test("10,000 unknown needs: all are reported, the first with a suggestion")
    func unknownNeeds() {
        let steps = (0..<10_000).map { "- {id: step-\($0), uses: noop, needs: [stop-\($0)]}" }
        let found = problems("steps:\n" + steps.joined(separator: "\n"))
        #expect(found.count == 10_000)
        #expect(found.count { $0.hint != nil } == 100)
    }

    @Test("10,000 unknown names in expressions")
    func unknownReads() {
        let holes = (0..<10_000).map { "${{ steps.nope\($0).output }}" }.joined(separator: " ")
        #expect(problems("steps: [{id: a, uses: noop, with: {x: \"\(holes)\"}}]").count == 10_000)
    }

    @Test("many cycles: the first twenty are shown")
    func cycles() {
        // Each step needs the next and the one before: 9,999 cycles.
        let steps = (0..<10_000).map { index in
            let needs = [index - 1, index + 1].filter { (0..<10_000).contains($0) }.map { "s\($0)" }
            return "- {id: s\(index), uses: noop, needs: [\(needs.joined(separator: ", "))]}"
        }
        #expect(problems("steps:\n" + steps.joined(separator: "\n")).count == 20)
    }

    @Test("10,000 steps in a row that all write one thing")
    func writers() {
        let steps = (0..<10_000).map { index in
            "- {id: s\(index), uses: noop, needs: [\(index > 0 ? "s\(index - 1)" : "")], writes: [x], reads: [y]}"
        }
        #expect(problems("steps:\n" + steps.joined(separator: "\n")).isEmpty)
    }

    @Test("10,000 writers side by side are told so, each once")
    func racingWriters() {
        let steps = (0..<10_000).map { "- {id: s\($0), uses: noop, writes: [x]}" }
        #expect(problems("steps:\n" + steps.joined(separator: "\n")).count == 9_999)
    }

    @Test("a text of 20,000 expressions is compiled in one go")
    func manyHoles() {
        let holes = repeatElement("${{ inputs.x }}", count: 20_000).joined(separator: " ")
        #expect(problems("steps: [{id: a, uses: noop, with: {x: \"\(holes)\"}}]").isEmpty)
    }
}
