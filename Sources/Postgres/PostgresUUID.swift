/// A `uuid`: sixteen bytes, kept as two words in reading order.
public struct PostgresUUID: Hashable, Comparable, Sendable, PostgresArrayElement, PostgresArrayDecodable {
    public var high: UInt64
    public var low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable public static var postgresType: PostgresType { .uuid }
    @inlinable public static var postgresArrayType: PostgresType { .uuidArray }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .uuid }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(high)
        buffer.append(low)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        high = try bytes.integer(UInt64.self, at: 0)
        low = try bytes.integer(UInt64.self, at: 8)
    }
}

extension PostgresUUID: CustomStringConvertible {
    /// The canonical form of RFC 9562 section 4, in lower case.
    public var description: String {
        var text = ""
        text.reserveCapacity(36)
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { text += "-" }
            let word = index < 8 ? high : low
            let byte = UInt8(truncatingIfNeeded: word >> UInt64(8 * (7 - index % 8)))
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
        return text
    }
}
