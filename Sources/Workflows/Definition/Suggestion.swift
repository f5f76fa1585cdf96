private import Spelling

/// "Did you mean": the known word that is nearest to an unknown one.
enum Suggestion {
    /// The closest word by edits, when it is close enough to be meant.
    static func closest(to word: String, among known: some Sequence<String>) -> String? {
        Spelling.Suggestion.closest(to: word, among: known)
    }
}
