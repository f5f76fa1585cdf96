/// What TLS refused, and OpenSSL's own words for it.
public struct TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The closed set of kinds.
    public enum Kind: Sendable, Hashable {
        /// A certificate, key or trust file that cannot be used.
        case configuration
        /// The handshake failed.
        case handshake
        /// The peer's certificate was refused.
        case verification
        /// A record that does not decrypt, or an alert.
        case record
        /// The peer closed without `close_notify`.
        case truncated
    }

    /// Which kind.
    public var kind: Kind
    /// What happened.
    public var message: String
    /// OpenSSL's error stack, oldest first.
    public var details: [String]

    /// An error of a kind.
    public init(_ kind: Kind, _ message: String, details: [String] = []) {
        self.kind = kind
        self.message = message
        self.details = details
    }

    /// Message and details.
    public var description: String {
        details.isEmpty ? message : "\(message) (\(details.joined(separator: "; ")))"
    }
}
