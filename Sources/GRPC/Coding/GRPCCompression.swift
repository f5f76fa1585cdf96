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
        // Over octets, each request asks: characters are dear to find.
        list.utf8.split(separator: UInt8(ascii: ",")).contains { name in
            name.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") }.elementsEqual(rawValue.utf8)
        }
    }
}
