/// Bound parameters of one or more statements, encoded into one buffer.
public struct PostgresParameters: Sendable {
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var offset: Int
        /// −1 is null.
        @usableFromInline var length: Int
        @usableFromInline var type: PostgresType

        @inlinable
        init(offset: Int, length: Int, type: PostgresType) {
            self.offset = offset
            self.length = length
            self.type = type
        }
    }

    @usableFromInline var buffer = PostgresBuffer()
    @usableFromInline var slots: [Slot] = []

    public init() {}

    /// How many parameters are bound.
    public var count: Int { slots.count }

    /// Binds the next parameter.
    @inlinable
    public mutating func append<Value: PostgresEncodable>(_ value: Value) {
        let offset = buffer.length
        guard !value.isPostgresNull else {
            slots.append(Slot(offset: offset, length: -1, type: Value.postgresType))
            return
        }
        value.encode(into: &buffer)
        slots.append(Slot(offset: offset, length: buffer.length - offset, type: Value.postgresType))
    }

    mutating func removeAll() {
        buffer.removeAll()
        slots.removeAll(keepingCapacity: true)
    }
}
