/// How tokens are signed (RFC 7518 §3.1). A key has exactly one: what a token's header asks for never chooses.
public enum Algorithm: String, CaseIterable, Sendable {
    /// HMAC with SHA-256, under a secret of 32 bytes or more.
    case hs256 = "HS256"
    /// RSASSA-PKCS1-v1_5 with SHA-256, under a key of 2048 to 8192 bits.
    case rs256 = "RS256"
    /// RSASSA-PSS with SHA-256, under a key of 2048 to 8192 bits.
    case ps256 = "PS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"

    /// The key type (`kty`) that it works with.
    var keyType: String {
        switch self {
        case .hs256: "oct"
        case .rs256, .ps256: "RSA"
        case .es256: "EC"
        }
    }

    /// What a key without `alg` is for.
    static func standard(keyType: String) -> Self? {
        switch keyType {
        case "oct": .hs256
        case "RSA": .rs256
        case "EC": .es256
        default: nil
        }
    }
}
