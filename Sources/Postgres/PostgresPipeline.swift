/// Statements that travel in one round trip.
///
/// As a `.transaction` they stand between BEGIN and COMMIT: all of them happen or none. As a `.single` group PostgreSQL
/// runs them as one implicit transaction too; it is meant for one statement. The value may be kept and refilled:
/// `removeAll` keeps its memory.
public struct PostgresPipeline: Sendable {
    public enum Mode: Sendable {
        case transaction
        case single
    }

    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var statement: PostgresStatement
        @usableFromInline var isPrepared: Bool
        @usableFromInline var slots: Range<Int>

        @usableFromInline
        init(statement: PostgresStatement, isPrepared: Bool, slots: Range<Int>) {
            self.statement = statement
            self.isPrepared = isPrepared
            self.slots = slots
        }
    }

    public let mode: Mode
    @usableFromInline var entries: [Entry] = []
    @usableFromInline var parameters = PostgresParameters()

    public init(_ mode: Mode = .transaction) {
        self.mode = mode
    }

    /// How many statements it holds.
    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }
    /// The size of all parameters in bytes.
    public var parameterBytes: Int { parameters.buffer.count }

    /// Adds a prepared statement with its parameters. Returns its index among the results.
    @inlinable @discardableResult
    public mutating func add<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ values: repeat each Value
    ) -> Int {
        let first = parameters.slots.count
        for value in repeat each values { parameters.append(value) }
        entries.append(Entry(statement: statement, isPrepared: true, slots: first..<parameters.slots.count))
        return entries.count - 1
    }

    /// Adds a query that is not prepared. Returns its index among the results.
    @discardableResult
    public mutating func add(_ query: PostgresQuery) -> Int {
        let first = parameters.slots.count
        let base = parameters.buffer.count
        unsafe query.parameters.buffer.withBytes { unsafe parameters.buffer.append($0) }
        for var slot in query.parameters.slots {
            slot.offset += base
            parameters.slots.append(slot)
        }
        let types = query.parameters.slots.map(\.type)
        entries.append(
            Entry(
                statement: PostgresStatement(query.sql, types), isPrepared: false,
                slots: first..<parameters.slots.count))
        return entries.count - 1
    }

    /// Forgets the statements and keeps the memory for the next batch.
    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        parameters.removeAll()
    }
}
