/// URIs of RFC 3986 and IRIs of RFC 3987, character by character.
struct URIFormat {
    let isInternational: Bool

    func accepts(_ text: String, isReference: Bool) -> Bool {
        let uri = URIReference(text)
        guard isReference || uri.scheme != nil else { return false }
        if let authority = uri.authority {
            guard isAuthority(authority) else { return false }
        } else if uri.scheme == nil,
            uri.path.unicodeScalars.prefix(while: { $0 != "/" }).contains(":")
        {
            // The first segment of a relative path has no colon: it would be read as a scheme.
            return false
        }
        return isText(uri.path, extra: ":@/")
            && isText(uri.query ?? "", extra: ":@/?", allowsPrivate: true)
            && isText(uri.fragment ?? "", extra: ":@/?")
    }

    private func isAuthority(_ authority: String) -> Bool {
        var rest = authority.unicodeScalars[...]
        if let at = rest.lastIndex(of: "@") {
            guard isText(String(rest[..<at]), extra: ":") else { return false }
            rest = rest[rest.index(after: at)...]
        }
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return false }
            guard isLiteral(String(rest[rest.index(after: rest.startIndex)..<end])) else { return false }
            rest = rest[rest.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { return false }
            return rest.dropFirst().allSatisfy(\.isASCIIDigit)
        }
        if let colon = rest.firstIndex(of: ":") {
            guard rest[rest.index(after: colon)...].allSatisfy(\.isASCIIDigit) else { return false }
            rest = rest[..<colon]
        }
        return isText(String(rest), extra: "")
    }

    /// What stands in brackets: an IPv6 address or an address of a later version.
    private func isLiteral(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "v" || first == "V" else {
            return AddressFormat.isIPv6(text)
        }
        let parts = text.unicodeScalars.dropFirst().split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy(\.isASCIIHexDigit), !parts[1].isEmpty else {
            return false
        }
        return parts[1].allSatisfy { $0 == ":" || Self.isPlain($0) }
    }

    /// Unreserved characters, sub-delimiters and percent escapes, and the extra ones.
    private func isText(_ text: String, extra: String, allowsPrivate: Bool = false) -> Bool {
        var escape = 0
        for scalar in text.unicodeScalars {
            if escape > 0 {
                guard scalar.isASCIIHexDigit else { return false }
                escape -= 1
            } else if scalar == "%" {
                escape = 2
            } else if !Self.isPlain(scalar), !extra.unicodeScalars.contains(scalar),
                !(isInternational && Self.isInternational(scalar, allowsPrivate))
            {
                return false
            }
        }
        return escape == 0
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCIILetter || scalar.isASCIIDigit || "-._~!$&'()*+,;=".unicodeScalars.contains(scalar)
    }

    /// `ucschar` and `iprivate` of RFC 3987, section 2.2.
    private static func isInternational(_ scalar: Unicode.Scalar, _ allowsPrivate: Bool) -> Bool {
        switch scalar.value {
        case 0xA0...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFEF: true
        case 0x10000...0xDFFFF: scalar.value & 0xFFFF <= 0xFFFD
        case 0xE1000...0xEFFFD: true
        case 0xE000...0xF8FF, 0xF0000...0xFFFFD, 0x100000...0x10FFFD: allowsPrivate
        default: false
        }
    }
}
