/// Finds a number, text, truth or null in a JSON text by the names of members, without building a tree.
///
/// What it answers is, octet by octet, what `JSONWriter` would write of the tree. Where that is not sure it answers `nil`,
/// and the caller asks the tree: lists and objects, texts with escapes, numbers that are not plain integers, names with
/// escapes, a name that stands twice, objects of many members, large texts.
public struct JSONScalarSearch {
    /// Larger texts are worth a tree, which is built once and not searched anew for each name.
    private static let mostBytes = 2048
    /// Members of one object that are compared with one another at most.
    private static let mostMembers = 16
    /// Integers of so many digits fit into 64 bits.
    private static let mostDigits = 18

    private var offset = 0

    private init() {}

    /// The text of the scalar that `path` leads to.
    ///
    /// - Parameters:
    ///   - text: JSON that was checked before.
    ///   - path: names of members, from the outermost object on; at least one.
    public static func text(of path: ArraySlice<String>, in text: [UInt8]) -> [UInt8]? {
        guard text.count <= mostBytes, !path.isEmpty else { return nil }
        let bytes = text.span
        var search = JSONScalarSearch()
        search.skipSpace(bytes)
        var found = 0..<0
        for name in path {
            guard let range = search.member(name, in: bytes) else { return nil }
            found = range
            search.offset = range.lowerBound
        }
        return isCanonical(found, bytes) ? Array(text[found]) : nil
    }

    /// Whether the value is a scalar that is written as it stands.
    private static func isCanonical(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        var index = range.lowerBound
        switch bytes[index] {
        case UInt8(ascii: "\""):
            for index in range where bytes[index] == UInt8(ascii: "\\") { return false }
            return true
        // Checked before: what begins so is true, false or null.
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return true
        case UInt8(ascii: "-"):
            index += 1
            // There is no integer −0.
            guard index < range.upperBound, bytes[index] != UInt8(ascii: "0") else { return false }
        default: break
        }
        guard 1...mostDigits ~= range.upperBound - index else { return false }
        while index < range.upperBound {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return false }
            index += 1
        }
        return true
    }

    /// Where the value of a member of the object here stands.
    private mutating func member(_ name: String, in bytes: Span<UInt8>) -> Range<Int>? {
        guard take(UInt8(ascii: "{"), bytes) else { return nil }
        var names: [Range<Int>] = []
        var found: Range<Int>?
        skipSpace(bytes)
        if take(UInt8(ascii: "}"), bytes) { return nil }
        while true {
            skipSpace(bytes)
            guard let key = plainName(bytes), names.count < Self.mostMembers else { return nil }
            for other in names where Self.isEqual(other, key, bytes) { return nil }
            names.append(key)
            skipSpace(bytes)
            guard take(UInt8(ascii: ":"), bytes) else { return nil }
            skipSpace(bytes)
            let start = offset
            guard skipValue(bytes) else { return nil }
            if Self.isEqual(key, name, bytes) { found = start..<offset }
            skipSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            return take(UInt8(ascii: "}"), bytes) ? found : nil
        }
    }

    /// The inside of a string without escapes.
    private mutating func plainName(_ bytes: Span<UInt8>) -> Range<Int>? {
        guard take(UInt8(ascii: "\""), bytes) else { return nil }
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return start..<offset - 1
            case UInt8(ascii: "\\"): return nil
            default: offset += 1
            }
        }
        return nil
    }

    /// Passes over a value: brackets are counted, strings are passed over whole.
    private mutating func skipValue(_ bytes: Span<UInt8>) -> Bool {
        guard offset < bytes.count else { return false }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return skipString(bytes)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipBrackets(bytes)
        default:
            let start = offset
            while offset < bytes.count, !Self.endsScalar(bytes[offset]) { offset += 1 }
            return offset > start
        }
    }

    private mutating func skipBrackets(_ bytes: Span<UInt8>) -> Bool {
        var depth = 0
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                guard skipString(bytes) else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            offset += 1
            if depth == 0 { return true }
        }
        return false
    }

    private mutating func skipString(_ bytes: Span<UInt8>) -> Bool {
        offset += 1
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return true
            case UInt8(ascii: "\\"): offset += 2
            default: offset += 1
            }
        }
        return false
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while offset < bytes.count, Self.isSpace(bytes[offset]) { offset += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }

    private static func isEqual(_ left: Range<Int>, _ right: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where bytes[left.lowerBound + index] != bytes[right.lowerBound + index] {
            return false
        }
        return true
    }

    private static func isEqual(_ key: Range<Int>, _ name: String, _ bytes: Span<UInt8>) -> Bool {
        guard key.count == name.utf8.count else { return false }
        var index = key.lowerBound
        for byte in name.utf8 {
            guard bytes[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
