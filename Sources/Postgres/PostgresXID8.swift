/// An `xid8`: a 64-bit transaction id that never wraps.
public struct PostgresXID8: RawRepresentable, Hashable, Comparable, Sendable, PostgresArrayElement,
    PostgresArrayDecodable
{
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    @inlinable public static var postgresType: PostgresType { .xid8 }
    @inlinable public static var postgresArrayType: PostgresType { .xid8Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .xid8 }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(rawValue)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        rawValue = try bytes.integer(UInt64.self, at: 0)
    }
}
