/// Identifiers with a short grammar.
enum IdentifierFormat {
    /// RFC 4122, section 3: groups of 8, 4, 4, 4 and 12 hexadecimal digits.
    static func isUUID(_ text: String) -> Bool {
        let groups = text.unicodeScalars.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isASCIIHexDigit) }
    }

    /// draft-bhutton-relative-json-pointer-00: levels to go up, a step among the elements, then a pointer or `#`.
    static func isRelativeJSONPointer(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        guard takeNumber(&rest) else { return false }
        if let sign = rest.first, sign == "+" || sign == "-" {
            rest.removeFirst()
            guard rest.first != "0", takeNumber(&rest) else { return false }
        }
        return rest.elementsEqual(["#"]) || JSONPointer.tokens(String(rest)) != nil
    }

    /// Digits without a leading zero.
    private static func takeNumber(_ rest: inout Substring.UnicodeScalarView) -> Bool {
        let digits = rest.prefix { $0.isASCIIDigit }
        guard let first = digits.first, first != "0" || digits.count == 1 else { return false }
        rest = rest.dropFirst(digits.count)
        return true
    }
}
