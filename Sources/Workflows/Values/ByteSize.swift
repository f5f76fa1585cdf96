/// A number of bytes, as limits name it.
public struct ByteSize: Hashable, Comparable, Sendable {
    /// Why text is no size.
    public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    public var bytes: Int64

    public init(bytes: Int64) { self.bytes = bytes }

    private static let units: [(name: String, bytes: Int64)] = [
        ("B", 1), ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// Reads a whole number with a unit: `256MiB`, `1GB`, `512B`. Units are exact, in either letter case only as written:
    /// decimal `B kB MB GB TB`, binary `KiB MiB GiB TiB`.
    public init(parsing text: String) throws(TextError) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let name = text.dropFirst(digits.count)
        guard !digits.isEmpty, !name.isEmpty else {
            throw TextError(description: "\"\(text)\" is no size; write a whole number with a unit, as 256MiB")
        }
        guard let unit = Self.units.first(where: { $0.name == name }) else {
            throw TextError(
                description: "the size \"\(text)\" has the unknown unit \"\(name)\"; units are "
                    + Self.units.map(\.name).joined(separator: ", "))
        }
        guard let count = Int64(digits), case (let bytes, false) = count.multipliedReportingOverflow(by: unit.bytes)
        else { throw TextError(description: "the size \"\(text)\" is too large") }
        self.bytes = bytes
    }

    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: CustomStringConvertible {
    /// The text in the largest unit that divides it.
    public var description: String {
        let unit = Self.units.filter { bytes != 0 && bytes.isMultiple(of: $0.bytes) }.max { $0.bytes < $1.bytes }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)B"
    }
}
