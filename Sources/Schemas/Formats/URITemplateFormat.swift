/// URI templates of RFC 6570, section 2.
enum URITemplateFormat {
    static func accepts(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{":
                guard let end = rest.firstIndex(of: "}"), isExpression(rest[..<end]) else { return false }
                rest = rest[rest.index(after: end)...]
            case "%": guard takeEscape(&rest) else { return false }
            default: guard isLiteral(scalar) else { return false }
            }
        }
        return true
    }

    private static func isLiteral(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21, 0x23, 0x24, 0x26, 0x28...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E: true
        case 0xA0...0xD7FF, 0xE000...0xFDCF, 0xFDF0...0xFFEF: true
        case 0x10000...0x10FFFF: scalar.value & 0xFFFF <= 0xFFFD
        default: false
        }
    }

    /// An operator, perhaps, then variables with commas between them.
    private static func isExpression(_ text: Substring.UnicodeScalarView) -> Bool {
        var text = text
        if let first = text.first, "+#./;?&=,!@|".unicodeScalars.contains(first) { text.removeFirst() }
        return text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { isVariable($0) }
    }

    private static func isVariable(_ text: Substring.UnicodeScalarView) -> Bool {
        var name = text
        if name.last == "*" {
            name.removeLast()
        } else if let colon = name.firstIndex(of: ":") {
            // A prefix's length: 1 to 9999.
            let length = name[name.index(after: colon)...]
            guard (1...4).contains(length.count), length.allSatisfy(\.isASCIIDigit), length.first != "0" else {
                return false
            }
            name = name[..<colon]
        }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isNamePart($0) }
    }

    private static func isNamePart(_ text: Substring.UnicodeScalarView) -> Bool {
        guard !text.isEmpty else { return false }
        var rest = text
        while let scalar = rest.popFirst() {
            if scalar == "%" {
                guard takeEscape(&rest) else { return false }
            } else if !scalar.isASCIILetter, !scalar.isASCIIDigit, scalar != "_" {
                return false
            }
        }
        return true
    }

    private static func takeEscape(_ rest: inout Substring.UnicodeScalarView) -> Bool {
        guard let high = rest.popFirst(), let low = rest.popFirst() else { return false }
        return high.isASCIIHexDigit && low.isASCIIHexDigit
    }
}
