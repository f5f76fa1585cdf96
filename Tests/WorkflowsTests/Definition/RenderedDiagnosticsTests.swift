import Testing
import Workflows

@Suite("What a refused definition prints")
struct RenderedDiagnosticsTests {
    private func rendered(_ source: String, file: String = "hello.yaml") -> String {
        do {
            _ = try Workflow(parsing: Array(source.utf8), file: file)
            return "accepted"
        } catch {
            return error.rendered
        }
    }

    @Test("an unknown step, to the letter")
    func unknownStep() {
        let text = rendered(
            """
            name: hello
            steps:
              - id: greet
                uses: shell
              - id: shout
                uses: shell
                needs: [gret]
            """)
        #expect(
            text == """
                hello.yaml:7:13: error: step "shout" needs unknown step "gret"
                  7 |     needs: [gret]
                    |             ^~~~ did you mean "greet"?
                1 error; nothing applied.

                """)
    }

    @Test("all problems at once, in the order of the text")
    func many() {
        let text = rendered(
            """
            nam: hello
            timeout: 90
            steps:
              - id: a
                uses: shell
                with:
                  command: [echo, "x ${{ inputs.n + }} y"]
              - id: "b c"
                cache: x
                uses: shell
            """)
        #expect(
            text == """
                hello.yaml:1:1: error: unknown key "nam" in a workflow
                  1 | nam: hello
                    | ^~~ did you mean "name"?
                hello.yaml:1:1: error: the workflow has no "name"
                  1 | nam: hello
                    | ^
                hello.yaml:2:10: error: timeout must be a duration such as 1h30m, not integer
                  2 | timeout: 90
                    |          ^~ did you mean "90s"?
                hello.yaml:7:41: error: in an expression: expected a value, found the end
                  7 |       command: [echo, "x ${{ inputs.n + }} y"]
                    |                                         ^
                hello.yaml:8:9: error: the id "b c" must be made of letters, digits and - _
                  8 |   - id: "b c"
                    |         ^~~~~
                hello.yaml:9:12: error: "x" is no duration; write whole numbers with units, as 1h30m or 250ms
                  9 |     cache: x
                    |            ^
                6 errors; nothing applied.

                """)
    }

    @Test("a place in a long line, with tabs and wide numbers")
    func longLine() {
        let filler = String(repeating: "\n", count: 120)
        let text = rendered(
            "\(filler){\"name\": \"a\", \"description\": \"\(String(repeating: "x", count: 500))\",\t\"nope\": 1, \"steps\": "
                + "[{\"id\": \"a\", \"uses\": \"noop\"}], \"labels\": {\"a\": \"\(String(repeating: "y", count: 300))\"}}"
        )
        let lines = text.split(separator: "\n")
        #expect(lines[0] == "hello.yaml:121:534: error: unknown key \"nope\" in a workflow")
        #expect(lines[1].hasPrefix("  121 | …xxx"))
        #expect(lines[1].unicodeScalars.count == 168)
        let mark = lines[2].unicodeScalars.firstIndex(of: "^").map {
            lines[2].unicodeScalars.distance(from: lines[2].unicodeScalars.startIndex, to: $0)
        }
        let shown = mark.map { lines[1].unicodeScalars.dropFirst($0).prefix(6) }
        #expect(shown.map { String($0) } == "\"nope\"")
    }

    @Test("control characters are not sent to the terminal")
    func control() {
        let text = rendered("name: a\nsteps: \"\u{7F}[31m\"\n")
        #expect(!text.unicodeScalars.contains("\u{7F}"))
        #expect(text.contains("control characters are not allowed"))
    }

    @Test("a great many problems are counted")
    func count() throws {
        let steps = (0..<300).map { "  - { id: s\($0), uses: noop, nope: 1 }" }.joined(separator: "\n")
        let text = rendered("name: a\nsteps:\n\(steps)\n")
        #expect(text.hasSuffix("… and 200 more\n300 errors; nothing applied.\n"))
    }
}
