import Access
import JSON

/// A key, and tokens signed or forged with it.
struct Fixture {
    static let now: Int64 = 1_800_000_000
    static let issuer = "https://beamline.test"
    static let audience = "beamline"

    let key: SigningKey
    let verifier: TokenVerifier
    let minter: TokenMinter

    init() throws {
        key = try .generate(id: "k1")
        verifier = TokenVerifier(keys: try KeySet([key]), issuer: Self.issuer, audience: Self.audience)
        minter = TokenMinter(key: key, issuer: Self.issuer, audience: Self.audience)
    }

    func token(roles: Set<Role> = [.viewer], lifetime: Int64 = 3600) throws -> String {
        try minter.mint(
            subject: "ada", tenant: "acme", roles: roles, lifetime: lifetime, now: Self.now, id: "t1")
    }

    /// A token with these claims over the usual ones, signed by the right key.
    func token(claims: [String: JSONValue?]) throws -> String {
        var all: JSONObject = [
            "iss": .string(Self.issuer), "aud": .string(Self.audience), "sub": "ada", "tenant": "acme",
            "roles": ["viewer"], "exp": .int(Self.now + 3600),
        ]
        for (name, value) in claims { all[name] = value }
        return try key.signForTest(JSONValue.object(all).bytes())
    }
}

/// base64url without padding (RFC 4648 §5).
func base64URL(_ bytes: some Collection<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars)
    var text = String.UnicodeScalarView()
    var rest = 0
    var bits = 0
    for byte in bytes {
        rest = (rest << 8 | Int(byte)) & 0xffff
        bits += 8
        while bits >= 6 {
            bits -= 6
            text.append(alphabet[rest >> bits & 63])
        }
    }
    if bits > 0 { text.append(alphabet[rest << (6 - bits) & 63]) }
    return String(text)
}
