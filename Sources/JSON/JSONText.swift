/// JSON text that was checked once and is then passed through as bytes, with no tree built.
///
/// Unlike `JSONValue(parsing:)`, the check does not look for keys that stand twice.
public struct JSONText: Sendable, Hashable {
    public let bytes: [UInt8]

    /// Checks the bytes against the grammar and the limits.
    public init(validating bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        try JSONScanner.check(bytes.span, limits: limits)
        self.bytes = bytes
    }

    /// Takes bytes that this program wrote itself or has checked before.
    public init(trusted bytes: [UInt8]) { self.bytes = bytes }

    public init(_ value: JSONValue) { bytes = value.bytes() }

    public static let null = JSONText(trusted: Array("null".utf8))
    public static let emptyObject = JSONText(trusted: Array("{}".utf8))

    /// Builds the tree.
    public func value(limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: bytes, limits: limits)
    }
}

extension JSONText: CustomStringConvertible {
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
