/// A client's certificate that TLS has verified, and whom its name stands for.
///
/// A worker's certificate has one URI among its subject alternative names that reads
/// `spiffe://TRUST-DOMAIN/tenant/TENANT/worker/NAME` (SPIFFE ID §2). The trust domain is the business of whoever issues
/// the certificates: the listener's authorities say whose are taken.
public struct ClientCertificate: Sendable, Hashable {
    /// URIs among its subject alternative names (RFC 5280 §4.2.1.6).
    public var uris: [String]
    /// SHA-256 of its DER encoding, in lower-case hex.
    public var fingerprint: String
    /// Seconds since 1970.
    public var expiresAt: Int64

    public init(uris: [String], fingerprint: String, expiresAt: Int64) {
        self.uris = uris
        self.fingerprint = fingerprint
        self.expiresAt = expiresAt
    }

    /// What a worker's subject begins with; the worker's name follows.
    public static let subjectPrefix = "worker:"

    /// By which it is remembered, and by which it is revoked (as a token's id).
    public var id: String { "cert:\(fingerprint)" }

    var digest: Digest { Digest(of: id) }

    func principal(now: Int64) throws(TokenError) -> Principal {
        guard now < expiresAt else {
            throw TokenError(.certificateExpired, "The certificate has expired; connect again with a new one.")
        }
        let names = uris.compactMap(Self.names)
        guard let name = names.first, names.count == 1 else {
            throw TokenError(
                .certificateName,
                "The certificate needs exactly one subject alternative name of the form "
                    + "URI:spiffe://TRUST-DOMAIN/tenant/TENANT/worker/NAME; or send authorization: Bearer TOKEN.")
        }
        return Principal(
            kind: .certificate, subject: Self.subjectPrefix + name.worker, tenant: name.tenant, roles: [.worker],
            expiresAt: expiresAt, tokenID: id)
    }

    private static func names(_ uri: String) -> (tenant: String, worker: String)? {
        let parts = uri.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 7, parts[0] == "spiffe:", parts[1].isEmpty, !parts[2].isEmpty, parts[3] == "tenant",
            parts[5] == "worker", Principal.isTenantName(String(parts[4])), isWorkerName(parts[6])
        else { return nil }
        return (String(parts[4]), String(parts[6]))
    }

    /// A segment of a SPIFFE path, 1 to 200 bytes.
    private static func isWorkerName(_ text: Substring) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

extension Principal {
    /// The name that a certificate gives a worker; `nil` for who came by other means and may choose one.
    public var certifiedWorker: String? {
        kind == .certificate ? String(subject.dropFirst(ClientCertificate.subjectPrefix.count)) : nil
    }
}
