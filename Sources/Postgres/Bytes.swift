/// A lone `UInt8` is PostgreSQL's one-byte `"char"`; an array of them is `bytea`.
extension UInt8: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .char }
    @inlinable public static var postgresArrayType: PostgresType { .bytea }
    public static func accepts(_ type: PostgresType) -> Bool { type == .char }
    public static func acceptsArray(_ type: PostgresType) -> Bool {
        switch type {
        case .bytea, .json, .jsonb, .text: true
        default: false
        }
    }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    @inlinable
    public static func encode(array: [UInt8], into buffer: inout PostgresBuffer) {
        buffer.append(array)
    }

    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = try bytes.integer(UInt8.self, at: 0)
    }

    public static func decode(array bytes: RawSpan, type: PostgresType) throws(PostgresError) -> [UInt8] {
        type == .jsonb ? bytes.extracting(droppingFirst: 1).array() : bytes.array()
    }
}

extension Array: PostgresArrayElement where Element == UInt8 {
    @inlinable public static var postgresArrayType: PostgresType { .byteaArray }
}

extension Array: PostgresArrayDecodable where Element == UInt8 {}
