/// Why bytes are not a message, or a message cannot become bytes.
public enum ProtobufError: Error, Equatable, CustomStringConvertible {
    /// The bytes are not the wire format of the message, or memory for it would exceed the limit.
    case malformed(message: String)
    /// A string field is not UTF-8.
    case notUTF8(field: String)
    /// A string field has a NUL character, which the C representation cannot carry.
    case containsNUL(field: String)

    public var description: String {
        switch self {
        case .malformed(let message): "the bytes are not a \(message)"
        case .notUTF8(let field): "\(field) is not valid UTF-8"
        case .containsNUL(let field): "\(field) contains a NUL character"
        }
    }
}
