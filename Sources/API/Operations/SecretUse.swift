import Access
import Workflows

/// Who applies a definition must be allowed to use the secrets that it names: its runs hand them to programs.
enum SecretUse {
    /// - Parameter canonical: a definition that was found valid.
    static func check(_ canonical: [UInt8], _ caller: Caller) throws {
        guard !caller.mayEverywhere(.useSecrets), canonical.names("secrets") else { return }
        let plan = try Plan.compile(canonical: canonical)
        for name in plan.steps.reduce(into: Set<String>(), { $0.formUnion($1.secrets) }).sorted() {
            try caller.authorize(.useSecrets, .secret(name))
        }
    }
}

extension [UInt8] {
    /// Whether the text has a word in it; most definitions name no secret, and need not be compiled again.
    fileprivate func names(_ word: String) -> Bool {
        let word = Array(word.utf8)
        return indices.contains { self[$0] == word[0] && self[$0...].starts(with: word) }
    }
}
