/// What secrets may be called.
public enum SecretName {
    /// 1 to 200 bytes: segments of letters, digits, `_`, `-` and `.`, separated by slashes, none beginning with `-` or `.`,
    /// so that a name is also a path that stays below its folder.
    public static func isValid(_ name: String) -> Bool {
        guard (1...200).contains(name.utf8.count) else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            guard let first = segment.utf8.first, first.isWord else { return false }
            return segment.utf8.allSatisfy { $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        }
    }
}

extension UInt8 {
    fileprivate var isWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
