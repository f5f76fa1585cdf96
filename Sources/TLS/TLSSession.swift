/// What a handshake negotiated.
public struct TLSSession: Sendable, Hashable {
    /// `TLSv1.3`.
    public var version: String
    /// The cipher suite's name.
    public var cipher: String
    /// What ALPN chose (RFC 7301), `h2` or `http/1.1`.
    public var applicationProtocol: String?
    /// The name that the client asked for (SNI, RFC 6066 §3).
    public var serverName: String?
    /// The peer's verified certificate.
    public var peerCertificate: TLSPeerCertificate?

    /// Facts of a handshake.
    public init(
        version: String, cipher: String, applicationProtocol: String?, serverName: String?,
        peerCertificate: TLSPeerCertificate?
    ) {
        self.version = version
        self.cipher = cipher
        self.applicationProtocol = applicationProtocol
        self.serverName = serverName
        self.peerCertificate = peerCertificate
    }
}

/// A certificate that was verified against the trust roots.
public struct TLSPeerCertificate: Sendable, Hashable {
    /// The subject as one line (RFC 2253).
    public var subject: String
    /// The common name of the subject.
    public var commonName: String?
    /// SHA-256 of the DER encoding, lower-case hex.
    public var fingerprint: String
    /// The URIs among its subject alternative names (RFC 5280 §4.2.1.6).
    public var uris: [String]
    /// When it ends, in seconds since 1970.
    public var expiresAt: Int64

    /// Facts of a certificate.
    public init(
        subject: String, commonName: String?, fingerprint: String, uris: [String] = [], expiresAt: Int64 = .max
    ) {
        self.subject = subject
        self.commonName = commonName
        self.fingerprint = fingerprint
        self.uris = uris
        self.expiresAt = expiresAt
    }
}
