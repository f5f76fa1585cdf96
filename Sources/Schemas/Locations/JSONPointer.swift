/// A place in a document (RFC 6901), as its text: empty, or reference tokens each after a slash.
enum JSONPointer {
    /// The pointer of a member or element one step further.
    static func appending(_ token: String, to pointer: String) -> String { "\(pointer)/\(escaped(token))" }

    /// A token with `~` and `/` written as `~0` and `~1`.
    static func escaped(_ token: String) -> String {
        guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
        var text = ""
        for scalar in token.unicodeScalars {
            switch scalar {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The tokens, or `nil` when the text is no pointer.
    static func tokens(_ pointer: String) -> [String]? {
        guard !pointer.isEmpty else { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in pointer.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let token = unescaped(part) else { return nil }
            tokens.append(token)
        }
        return tokens
    }

    private static func unescaped(_ part: some Sequence<Unicode.Scalar>) -> String? {
        var token = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in part {
            if isEscaped {
                switch scalar {
                case "0": token.append("~")
                case "1": token.append("/")
                default: return nil
                }
                isEscaped = false
            } else if scalar == "~" {
                isEscaped = true
            } else {
                token.append(scalar)
            }
        }
        return isEscaped ? nil : String(token)
    }

    /// The place one step up; `nil` of the root.
    static func parent(of pointer: String) -> String? {
        pointer.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(pointer[..<$0]) }
    }

    /// The index that a token names in an array: digits without leading zeros.
    static func index(_ token: String) -> Int? {
        guard token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            token == "0" || token.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(token)
    }
}

extension ExactJSON {
    /// The value at the tokens' place.
    func value(at tokens: some Sequence<String>) -> ExactJSON? {
        var value = self
        for token in tokens {
            switch value {
            case .object(let members):
                guard let member = members[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = JSONPointer.index(token), elements.indices.contains(index) else { return nil }
                value = elements[index]
            case .null, .bool, .number, .string: return nil
            }
        }
        return value
    }
}
