import Spelling
import Testing

@Suite("Did you mean")
struct SuggestionTests {
    @Test(
        "the nearest word that is near enough",
        arguments: [
            ("requird", "required"), ("tpye", "type"), ("TYPE", "type"), ("propertys", "properties"), ("x", nil),
            ("elephant", nil), ("", nil),
        ])
    func closest(word: String, meant: String?) {
        #expect(Suggestion.closest(to: word, among: ["required", "type", "properties"]) == meant)
    }

    @Test("of two equally near ones, the first in the alphabet")
    func tie() {
        #expect(Suggestion.closest(to: "cat", among: ["rat", "bat", "hat"]) == "bat")
    }
}
