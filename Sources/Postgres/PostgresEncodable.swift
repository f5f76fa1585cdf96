/// A value that can be bound as a parameter, in PostgreSQL's binary format.
public protocol PostgresEncodable: Sendable {
    /// The parameter's declared type.
    static var postgresType: PostgresType { get }

    /// Whether the value is SQL null; then `encode` is not called.
    var isPostgresNull: Bool { get }

    /// Appends the value's binary form, without a length.
    func encode(into buffer: inout PostgresBuffer)
}

extension PostgresEncodable {
    @inlinable public var isPostgresNull: Bool { false }
}

/// A value of which one-dimensional arrays can be bound.
///
/// Arrays are encoded by a requirement of the element, so that the loop over the elements is compiled for the concrete
/// type even when the array is bound by generic code of another module.
public protocol PostgresArrayElement: PostgresEncodable {
    /// The type of an array of such values.
    static var postgresArrayType: PostgresType { get }

    static func encode(array: [Self], into buffer: inout PostgresBuffer)
    static func encode(array: [Self?], into buffer: inout PostgresBuffer)
}

extension PostgresArrayElement {
    @inlinable
    public static func encode(array: [Self], into buffer: inout PostgresBuffer) {
        buffer.appendArrayHeader(count: array.count, hasNulls: false, element: postgresType)
        for element in array { buffer.appendElement(element) }
    }

    @inlinable
    public static func encode(array: [Self?], into buffer: inout PostgresBuffer) {
        buffer.appendArrayHeader(count: array.count, hasNulls: true, element: postgresType)
        for element in array {
            if let element { buffer.appendElement(element) } else { buffer.append(Int32(-1)) }
        }
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    @inlinable public static var postgresType: PostgresType { Wrapped.postgresType }

    @inlinable public var isPostgresNull: Bool {
        switch self {
        case .none: true
        case .some(let value): value.isPostgresNull
        }
    }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        self?.encode(into: &buffer)
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    @inlinable public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }

    @inlinable
    public static func encode(array: [Self], into buffer: inout PostgresBuffer) {
        Wrapped.encode(array: array, into: &buffer)
    }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    @inlinable public static var postgresType: PostgresType { Element.postgresArrayType }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        Element.encode(array: self, into: &buffer)
    }
}
