import JSON

/// What a plain (unquoted) YAML scalar means: the core schema of YAML 1.2 (§10.3.2), so `no` is text.
enum PlainScalar {
    enum Refusal: Error {
        case tooLarge
        /// `.inf` and `.nan`, which JSON cannot say.
        case notFinite
    }

    static func value(of text: String) throws(Refusal) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
            throw .notFinite
        default: break
        }
        guard let first = text.utf8.first, first < 0x3A, first >= 0x2B else { return .string(text) }
        if text.hasPrefix("0o"), isMade(text.dropFirst(2), of: "01234567") {
            return try integer(Int64(text.dropFirst(2), radix: 8))
        }
        if text.hasPrefix("0x"), isMade(text.dropFirst(2), of: "0123456789abcdefABCDEF") {
            return try integer(Int64(text.dropFirst(2), radix: 16))
        }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        if isMade(unsigned, of: "0123456789") { return try integer(Int64(text)) }
        return isReal(unsigned) ? try real(text) : .string(text)
    }

    private static func integer(_ value: Int64?) throws(Refusal) -> JSONValue {
        guard let value else { throw .tooLarge }
        return .int(value)
    }

    private static func real(_ text: String) throws(Refusal) -> JSONValue {
        // Swift reads neither ".5" nor "5." in every form; YAML has both.
        guard let value = Double(text.replacingEmptyParts), value.isFinite else { throw .tooLarge }
        return .double(value)
    }

    private static func isMade(_ text: Substring, of digits: String) -> Bool {
        !text.isEmpty && text.allSatisfy { digits.contains($0) }
    }

    /// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with at least one digit before the exponent.
    private static func isReal(_ text: Substring) -> Bool {
        let digits = "0123456789"
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        if parts.count == 2 {
            let exponent = parts[1].first == "-" || parts[1].first == "+" ? parts[1].dropFirst() : parts[1]
            guard isMade(exponent, of: digits) else { return false }
        }
        let halves = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return halves.contains { !$0.isEmpty } && halves.allSatisfy { $0.isEmpty || isMade($0, of: digits) }
    }
}

extension String {
    /// `.5` as `0.5`, `5.` as `5.0`, `5.e1` as `5.0e1`.
    fileprivate var replacingEmptyParts: String {
        var text = ""
        var previous: Character?
        for character in self {
            if character == ".", !(previous?.isNumber ?? false) { text.append("0") }
            if previous == ".", !character.isNumber { text.append("0") }
            text.append(character)
            previous = character
        }
        return previous == "." ? text + "0" : text
    }
}
