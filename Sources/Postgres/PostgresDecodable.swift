/// A value that can be read from a result in PostgreSQL's binary format.
public protocol PostgresDecodable {
    /// Whether a column of this type can be read as this value. Asked once a column, not once a row.
    static func accepts(_ type: PostgresType) -> Bool

    /// Reads the value from its binary form.
    init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError)

    /// The value of SQL null; throws where there is none.
    static func postgresNull() throws(PostgresError) -> Self
}

extension PostgresDecodable {
    public static func postgresNull() throws(PostgresError) -> Self {
        throw PostgresError(.decoding, reason: "unexpected null for \(Self.self)")
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    @inlinable public static func accepts(_ type: PostgresType) -> Bool { Wrapped.accepts(type) }

    @inlinable
    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = .some(try Wrapped(postgres: bytes, type: type))
    }

    @inlinable public static func postgresNull() throws(PostgresError) -> Self { .none }
}

/// A value of which one-dimensional arrays can be read.
public protocol PostgresArrayDecodable: PostgresDecodable {
    static func decode(array bytes: RawSpan, type: PostgresType) throws(PostgresError) -> [Self]
    static func acceptsArray(_ type: PostgresType) -> Bool
}

extension PostgresArrayDecodable where Self: PostgresArrayElement {
    public static func acceptsArray(_ type: PostgresType) -> Bool { type == postgresArrayType }
}

extension PostgresArrayDecodable {
    public static func decode(array bytes: RawSpan, type: PostgresType) throws(PostgresError) -> [Self] {
        let dimensions = try bytes.integer(Int32.self, at: 0)
        let element = PostgresType(rawValue: try bytes.integer(UInt32.self, at: 8))
        guard dimensions > 0 else { return [] }
        guard dimensions == 1 else {
            throw PostgresError(.decoding, reason: "an array of \(dimensions) dimensions is not supported")
        }
        guard accepts(element) else {
            throw PostgresError(.decoding, reason: "array elements of \(element) are not \(Self.self)")
        }
        let count = Int(try bytes.integer(Int32.self, at: 12))
        var array: [Self] = []
        array.reserveCapacity(min(count, bytes.byteCount / 4))
        var offset = 20
        for _ in 0..<count {
            let length = Int(try bytes.integer(Int32.self, at: offset))
            offset += 4
            guard length >= 0 else {
                array.append(try postgresNull())
                continue
            }
            guard offset + length <= bytes.byteCount else {
                throw PostgresError(.decoding, reason: "an array ends early")
            }
            array.append(try Self(postgres: bytes.extracting(offset..<offset + length), type: element))
            offset += length
        }
        return array
    }
}

extension Optional: PostgresArrayDecodable where Wrapped: PostgresArrayDecodable {
    public static func acceptsArray(_ type: PostgresType) -> Bool { Wrapped.acceptsArray(type) }
}

extension Array: PostgresDecodable where Element: PostgresArrayDecodable {
    public static func accepts(_ type: PostgresType) -> Bool { Element.acceptsArray(type) }

    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = try Element.decode(array: bytes, type: type)
    }
}

extension RawSpan {
    /// An integer in network order.
    @inlinable
    public func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) throws(PostgresError) -> T {
        guard offset >= 0, offset + MemoryLayout<T>.size <= byteCount else {
            throw PostgresError(.decoding, reason: "a value is shorter than its type")
        }
        return T(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// A copy of the bytes.
    public func array() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
