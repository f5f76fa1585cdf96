internal import Postgres

/// UTF-8 bytes that are bound as `text`: JSON goes to the database as the bytes that it came in.
struct RawText: PostgresArrayElement {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static var postgresType: PostgresType { .text }
    static var postgresArrayType: PostgresType { .textArray }

    func encode(into buffer: inout PostgresBuffer) { buffer.append(bytes) }
}
