private import CPostgres

/// The answer to one statement. It keeps libpq's own memory: cells are read in place.
@safe
public final class PostgresResult: @unchecked Sendable {
    // Sendable because libpq never changes a result after it is handed out, and reading it takes no lock.
    private let raw: OpaquePointer
    /// How many rows there are.
    public let count: Int
    public let columnCount: Int

    init(_ raw: OpaquePointer) {
        unsafe self.raw = raw
        count = unsafe Int(PQntuples(raw))
        columnCount = unsafe Int(PQnfields(raw))
    }

    deinit { unsafe PQclear(raw) }

    public var isEmpty: Bool { count == 0 }

    /// Rows inserted, updated, deleted or returned, as the command tag says; 0 for other commands.
    public var affectedRows: Int {
        guard let text = unsafe PQcmdTuples(raw) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// A column's type.
    public func type(ofColumn column: Int) -> PostgresType {
        PostgresType(rawValue: unsafe PQftype(raw, Int32(column)))
    }

    /// A column's name; for people and tests, rows are read by index.
    public func name(ofColumn column: Int) -> String {
        guard let text = unsafe PQfname(raw, Int32(column)) else { return "" }
        return unsafe String(cString: text)
    }

    public subscript(row: Int) -> PostgresRow { PostgresRow(result: self, index: row) }

    public func isNull(row: Int, column: Int) -> Bool {
        unsafe PQgetisnull(raw, Int32(row), Int32(column)) != 0
    }

    /// Lends a cell's bytes, nil for null. They must not leave `body`.
    public func withBytes<Answer, Failure: Error>(
        row: Int, column: Int, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        precondition(row >= 0 && row < count && column >= 0 && column < columnCount, "no such cell")
        return try unsafe body(bytes(row: row, column: column))
    }

    /// A cell's bytes in libpq's memory, nil for null. The caller keeps the result alive and has checked the place.
    @usableFromInline
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        let row = Int32(truncatingIfNeeded: row)
        let column = Int32(truncatingIfNeeded: column)
        let length = unsafe PQgetlength(raw, row, column)
        // Only an empty cell can be a null.
        if length == 0, unsafe PQgetisnull(raw, row, column) != 0 { return nil }
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(raw, row, column), count: Int(length))
    }

    /// Reads one cell.
    @inlinable
    public func decode<Value: PostgresDecodable>(
        row: Int, column: Int, as _: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard row >= 0, row < count, column >= 0, column < columnCount else {
            throw PostgresError(.decoding, reason: "there is no cell at row \(row), column \(column)")
        }
        let type = type(ofColumn: column)
        try check(Value.self, type: type, column: column)
        return try cell(row: row, column: column, type: type)
    }

    /// Reads a whole column; its type is checked once.
    @inlinable
    public func column<Value: PostgresDecodable>(
        _ column: Int, as _: Value.Type = Value.self
    ) throws(PostgresError) -> [Value] {
        guard column >= 0, column < columnCount else {
            throw PostgresError(.decoding, reason: "there is no column \(column)")
        }
        let type = type(ofColumn: column)
        try check(Value.self, type: type, column: column)
        var values: [Value] = []
        values.reserveCapacity(count)
        for row in 0..<count { values.append(try cell(row: row, column: column, type: type)) }
        return values
    }

    @inlinable
    func check<Value: PostgresDecodable>(
        _: Value.Type, type: PostgresType, column: Int
    ) throws(PostgresError) {
        guard !Value.accepts(type) else { return }
        throw PostgresError(.decoding, reason: "column \(column) is of \(type), which is not read as \(Value.self)")
    }

    @inlinable
    func cell<Value: PostgresDecodable>(
        row: Int, column: Int, type: PostgresType
    ) throws(PostgresError) -> Value {
        guard let bytes = unsafe bytes(row: row, column: column) else { return try Value.postgresNull() }
        defer { withExtendedLifetime(self) {} }
        return try Value(postgres: unsafe RawSpan(_unsafeBytes: bytes), type: type)
    }
}

extension PostgresResult: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
}

/// One row of a result.
public struct PostgresRow: Sendable {
    public let result: PostgresResult
    public let index: Int

    /// Reads the cell of a column, counted from 0.
    @inlinable
    public func decode<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        try result.decode(row: index, column: column, as: type)
    }
}
