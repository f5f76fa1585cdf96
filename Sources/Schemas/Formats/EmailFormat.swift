/// Mailboxes of RFC 5321, section 4.1.2, and their internationalised form of RFC 6531.
enum EmailFormat {
    static func accepts(_ text: String, isInternational: Bool) -> Bool {
        let scalars = Array(text.unicodeScalars)
        // The domain has no @; a quoted local part may have some.
        guard let at = scalars.lastIndex(of: "@") else { return false }
        let local = scalars[..<at]
        // RFC 5321, section 4.5.3.1.1, counts octets.
        guard !local.isEmpty, String(String.UnicodeScalarView(local)).utf8.count <= 64 else { return false }
        let isLocal = local.first == "\"" ? isQuoted(local, isInternational) : isDotted(local, isInternational)
        return isLocal && isDomain(String(String.UnicodeScalarView(scalars[(at + 1)...])), isInternational)
    }

    private static func isDotted(_ local: ArraySlice<Unicode.Scalar>, _ isInternational: Bool) -> Bool {
        local.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { scalar in
                    scalar.isASCIILetter || scalar.isASCIIDigit || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
                        || isInternational && !scalar.isASCII
                }
        }
    }

    private static func isQuoted(_ local: ArraySlice<Unicode.Scalar>, _ isInternational: Bool) -> Bool {
        guard local.count >= 2, local.last == "\"" else { return false }
        var isEscaped = false
        for scalar in local.dropFirst().dropLast() {
            let isPrintable = (32...126).contains(scalar.value)
            if isEscaped {
                guard isPrintable else { return false }
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                guard scalar != "\"", isPrintable || isInternational && !scalar.isASCII else { return false }
            }
        }
        return !isEscaped
    }

    private static func isDomain(_ domain: String, _ isInternational: Bool) -> Bool {
        guard domain.utf8.first == UInt8(ascii: "[") else {
            return isInternational ? HostnameFormat.acceptsInternational(domain) : HostnameFormat.accepts(domain)
        }
        guard domain.utf8.last == UInt8(ascii: "]") else { return false }
        let literal = String(domain.dropFirst().dropLast())
        if literal.lowercased().hasPrefix("ipv6:") { return AddressFormat.isIPv6(String(literal.dropFirst(5))) }
        return AddressFormat.isIPv4(literal)
    }
}
