/// Addresses of IPv4 (RFC 2673, section 3.2) and IPv6 (RFC 4291, section 2.2).
enum AddressFormat {
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(\.isASCIIDigit) else { return false }
                guard part.count == 1 || part.first != "0" else { return false }
                return part.reduce(0) { $0 * 10 + Int($1.value - 48) } <= 255
            }
    }

    static func isIPv6(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count >= 2, scalars.count <= 45 else { return false }
        guard let gap = scalars.indices.dropLast().first(where: { scalars[$0] == ":" && scalars[$0 + 1] == ":" }) else {
            return groups(scalars[...], allowsIPv4: true) == 8
        }
        // What stands on both sides of the one gap; the gap is at least one group.
        guard let before = gap == 0 ? 0 : groups(scalars[..<gap], allowsIPv4: false),
            let after = gap + 2 == scalars.count ? 0 : groups(scalars[(gap + 2)...], allowsIPv4: true)
        else { return false }
        return before + after <= 7
    }

    /// The groups of 16 bits, or `nil` when one is malformed.
    private static func groups(_ scalars: ArraySlice<Unicode.Scalar>, allowsIPv4: Bool) -> Int? {
        let parts = scalars.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if (1...4).contains(part.count), part.allSatisfy(\.isASCIIHexDigit) {
                count += 1
            } else if allowsIPv4, index == parts.count - 1, isIPv4(String(String.UnicodeScalarView(part))) {
                count += 2
            } else {
                return nil
            }
        }
        return count
    }
}
