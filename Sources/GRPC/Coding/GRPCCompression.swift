/// How messages are compressed on the wire.
public enum GRPCCompression: String, Sendable {
    /// Not at all.
    case identity
    /// RFC 1952.
    case gzip

    /// What this implementation reads, for `grpc-accept-encoding`.
    static let accepted = "identity,gzip"

    /// Whether a `grpc-accept-encoding` value names this encoding.
    func isNamed(in list: String) -> Bool {
        list.split(separator: ",").contains { $0.drop { $0 == " " }.prefix { $0 != " " } == rawValue }
    }
}
