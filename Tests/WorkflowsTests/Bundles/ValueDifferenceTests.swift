import JSON
import Testing
import Workflows

@Suite("In what two values differ")
struct ValueDifferenceTests {
    private func between(_ before: JSONValue, _ after: JSONValue) -> [String] {
        ValueDifference.between(before, after).map { difference in
            "\(difference.path): \(difference.before?.text() ?? "nothing") → \(difference.after?.text() ?? "nothing")"
        }
    }

    @Test("members that come, go and change; the order of keys is nothing")
    func members() {
        #expect(between(["a": 1, "b": ["c": 2]], ["b": ["c": 2], "a": 1]).isEmpty)
        #expect(
            between(["a": 1, "b": ["c": 2], "d": true], ["a": 2, "b": ["c": 2, "e": nil], "f": "x"]) == [
                "d: true → nothing", "a: 1 → 2", "b.e: nothing → null", #"f: nothing → "x""#,
            ])
    }

    @Test("a step in front of the others is one difference")
    func steps() {
        let before: JSONValue = ["steps": [["id": "b", "timeout": "1s"], ["id": "c"]]]
        let after: JSONValue = ["steps": [["id": "a"], ["id": "b", "timeout": "2s"], ["id": "c"]]]
        #expect(
            between(before, after)
                == [#"steps[a]: nothing → {"id":"a"}"#, #"steps[b].timeout: "1s" → "2s""#])
        #expect(
            between(["l": [["name": "x"], ["name": "y"]]], ["l": [["name": "y"], ["name": "x"]]])
                == [#"l (order): ["x","y"] → ["y","x"]"#])
    }

    @Test("lists of anything else change as a whole")
    func lists() {
        #expect(between([1, 2], [1, 3]) == [": [1,2] → [1,3]"])
        #expect(
            between(["a": [["id": "x"], ["id": "x"]]], ["a": [["id": "x"]]])
                == [#"a: [{"id":"x"},{"id":"x"}] → [{"id":"x"}]"#])
        #expect(between(["a": 1], ["a": [1]]) == ["a: 1 → [1]"])
    }
}
