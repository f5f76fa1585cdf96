/// A `timestamptz`: microseconds since 1970-01-01T00:00:00Z.
public struct PostgresTimestamp: Hashable, Comparable, Sendable, PostgresArrayElement, PostgresArrayDecodable {
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// PostgreSQL's `infinity` and `-infinity`.
    public static let infinity = Self(microseconds: .max)
    public static let negativeInfinity = Self(microseconds: .min)

    /// PostgreSQL counts from 2000-01-01.
    @usableFromInline static let epoch: Int64 = 946_684_800_000_000

    @inlinable public static var postgresType: PostgresType { .timestamptz }
    @inlinable public static var postgresArrayType: PostgresType { .timestamptzArray }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .timestamptz }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        switch microseconds {
        case .max, .min: buffer.append(microseconds)
        default: buffer.append(microseconds - Self.epoch)
        }
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        let value = try bytes.integer(Int64.self, at: 0)
        switch value {
        case .max, .min: microseconds = value
        default: microseconds = value + Self.epoch
        }
    }
}
