/// What a log line must never show.
enum Redaction {
    static let mark = "[redacted]"

    /// Keys whose values are secrets, whatever they look like.
    static func isSecret(key: String) -> Bool {
        key.lowercased().split { !$0.isLetter }.contains { secretWords.contains($0) }
    }

    /// The text with everything replaced that has the shape of a JSON Web Token or of a bearer credential.
    static func text(_ text: String) -> String {
        // Both shapes contain one of these; nearly every line is through here.
        guard text.contains("eyJ") || text.contains("earer ") else { return text }
        var redacted: [Substring] = []
        var afterBearer = false
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if afterBearer || looksLikeToken(word) {
                redacted.append(mark[...])
            } else {
                redacted.append(word)
            }
            afterBearer = word.lowercased().hasSuffix("bearer")
        }
        return redacted.joined(separator: " ")
    }

    private static func looksLikeToken(_ word: Substring) -> Bool {
        guard let start = word.range(of: "eyJ") else { return false }
        return word[start...].split(separator: ".").count >= 3
    }

    /// Whole words of a key: `tokens` may be a count.
    private static let secretWords: Set<Substring> = [
        "authorization", "cookie", "credential", "key", "passphrase", "password", "secret", "token",
    ]
}

extension Substring {
    /// Where a text begins within this one.
    fileprivate func range(of text: String) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}
