/// Where PEM text comes from.
public enum TLSMaterial: Sendable, Hashable {
    /// A file's path.
    case file(String)
    /// The text itself.
    case pem(String)
}

/// How a side of TLS is set up. TLS 1.2 at least, forward secrecy and AEAD only.
public struct TLSConfiguration: Sendable {
    /// Whether a server asks clients for certificates.
    public enum ClientVerification: Sendable, Hashable {
        /// Does not ask.
        case none
        /// Asks; a certificate that is sent must verify.
        case optional
        /// Refuses clients without a valid certificate.
        case required
    }

    /// Own certificate, leaf first, then intermediates. A server needs one.
    public var certificateChain: TLSMaterial?
    /// The key of the leaf.
    public var privateKey: TLSMaterial?
    /// Certificates that peers are verified against. `nil`: the system's for a client, none for a server.
    public var trustRoots: TLSMaterial?
    /// Lists of revoked certificates, one for each of the authorities: a peer's certificate that stands in one is refused, and
    /// so is one whose authority has no list there, or an outdated one. `nil`: nothing is looked up.
    public var revocations: TLSMaterial?
    /// Whether a server verifies clients.
    public var clientVerification = ClientVerification.none
    /// Whether a client verifies the server and its name. Off only for tests.
    public var verifiesServer = true
    /// Protocols for ALPN, best first.
    public var applicationProtocols = ["h2", "http/1.1"]

    /// Of a server.
    public static func server(certificateChain: TLSMaterial, privateKey: TLSMaterial) -> TLSConfiguration {
        TLSConfiguration(certificateChain: certificateChain, privateKey: privateKey)
    }

    /// Of a client.
    public static func client(trustRoots: TLSMaterial? = nil) -> TLSConfiguration {
        TLSConfiguration(trustRoots: trustRoots)
    }
}
