/// A `json` value as its text.
public struct PostgresJSON: Hashable, Sendable, PostgresArrayElement, PostgresArrayDecodable {
    /// The UTF-8 text of the document.
    public var bytes: [UInt8]

    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    @inlinable public static var postgresType: PostgresType { .json }
    @inlinable public static var postgresArrayType: PostgresType { .jsonArray }
    public static func accepts(_ type: PostgresType) -> Bool { type == .json || type == .jsonb }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(bytes)
    }

    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self.bytes = type == .jsonb ? bytes.extracting(droppingFirst: 1).array() : bytes.array()
    }
}

/// A `jsonb` value as its text; the binary form has one version byte before it (`jsonb_recv`).
public struct PostgresJSONB: Hashable, Sendable, PostgresArrayElement, PostgresArrayDecodable {
    /// The UTF-8 text of the document.
    public var bytes: [UInt8]

    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    @inlinable public static var postgresType: PostgresType { .jsonb }
    @inlinable public static var postgresArrayType: PostgresType { .jsonbArray }
    public static func accepts(_ type: PostgresType) -> Bool { type == .jsonb || type == .json }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(UInt8(1))
        buffer.append(bytes)
    }

    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self.bytes = type == .jsonb ? bytes.extracting(droppingFirst: 1).array() : bytes.array()
    }
}
