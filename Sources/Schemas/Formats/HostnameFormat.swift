/// Host names of RFC 1123, section 2.1, and internationalised ones of RFC 5890.
enum HostnameFormat {
    static func accepts(_ text: String) -> Bool {
        guard text.utf8.count <= 253 else { return false }
        return text.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    /// Labels may be written in Unicode or in Punycode; RFC 3490, section 3.1, lists what separates them.
    static func acceptsInternational(_ text: String) -> Bool {
        guard text.utf8.count <= 4 * 253 else { return false }
        let labels = text.unicodeScalars.split(omittingEmptySubsequences: false) { scalar in
            scalar == "." || scalar == "\u{3002}" || scalar == "\u{FF0E}" || scalar == "\u{FF61}"
        }
        var length = labels.count - 1
        var unicode: [[Unicode.Scalar]] = []
        for label in labels {
            if label.allSatisfy(\.isASCII) {
                guard isLabel(label) else { return false }
                length += label.count
                unicode.append(decoded(Array(label)))
            } else {
                guard let encoded = Punycode.encoded(Array(label)), encoded.utf8.count <= 59,
                    DomainLabel.isValid(Array(label))
                else { return false }
                length += 4 + encoded.utf8.count
                unicode.append(Array(label))
            }
        }
        return length <= 253 && DomainDirection.accepts(unicode)
    }

    /// A label of ASCII in Unicode, where it is Punycode.
    private static func decoded(_ label: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard label.count > 4, label[2] == "-", label[3] == "-" else { return label }
        return Punycode.decoded(label[4...]) ?? label
    }

    /// Up to 63 letters, digits and hyphens, no hyphen at either end. Two hyphens in the third and fourth place are for
    /// Punycode, which must be right.
    private static func isLabel(_ label: some BidirectionalCollection<Unicode.Scalar>) -> Bool {
        guard (1...63).contains(label.count), label.first != "-", label.last != "-",
            label.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" })
        else { return false }
        let scalars = Array(label)
        guard scalars.count >= 4, scalars[2] == "-", scalars[3] == "-" else { return true }
        guard String(String.UnicodeScalarView(scalars[..<2])).lowercased() == "xn",
            let decoded = Punycode.decoded(scalars[4...]), decoded.contains(where: { !$0.isASCII })
        else { return false }
        // The decoded label must be one that is written this way and no other.
        guard let encoded = Punycode.encoded(decoded),
            encoded == String(String.UnicodeScalarView(scalars[4...])).lowercased()
        else { return false }
        return DomainLabel.isValid(decoded)
    }
}
