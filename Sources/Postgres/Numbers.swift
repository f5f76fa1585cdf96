extension Bool: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .bool }
    @inlinable public static var postgresArrayType: PostgresType { .boolArray }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .bool }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self ? UInt8(1) : 0)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = try bytes.integer(UInt8.self, at: 0) != 0
    }
}

extension Int16: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .int2 }
    @inlinable public static var postgresArrayType: PostgresType { .int2Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .int2 }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = try bytes.integer(Int16.self, at: 0)
    }
}

extension Int32: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .int4 }
    @inlinable public static var postgresArrayType: PostgresType { .int4Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .int4 || type == .int2 }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        switch type {
        case .int2: self = Int32(try bytes.integer(Int16.self, at: 0))
        default: self = try bytes.integer(Int32.self, at: 0)
        }
    }
}

extension Int64: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .int8 }
    @inlinable public static var postgresArrayType: PostgresType { .int8Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool {
        type == .int8 || type == .int4 || type == .int2 || type == .oid
    }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        switch type {
        case .int2: self = Int64(try bytes.integer(Int16.self, at: 0))
        case .int4: self = Int64(try bytes.integer(Int32.self, at: 0))
        case .oid: self = Int64(try bytes.integer(UInt32.self, at: 0))
        default: self = try bytes.integer(Int64.self, at: 0)
        }
    }
}

/// `Int` is `int8`, as `Int64` is.
extension Int: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .int8 }
    @inlinable public static var postgresArrayType: PostgresType { .int8Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { Int64.accepts(type) }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = Int(try Int64(postgres: bytes, type: type))
    }
}

extension Double: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .float8 }
    @inlinable public static var postgresArrayType: PostgresType { .float8Array }
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { type == .float8 }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(bitPattern)
    }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = Double(bitPattern: try bytes.integer(UInt64.self, at: 0))
    }
}
