import JSON
import Synchronization

@testable import Access

/// A key, and tokens signed or forged with it.
struct Fixture {
    static let now: Int64 = 1_800_000_000
    static let issuer = "https://beamline.test"
    static let audience = "beamline"

    let key: SigningKey
    let verifier: TokenVerifier
    let minter: TokenMinter

    init(_ algorithm: Algorithm = .es256) throws {
        key = try .generate(id: "k1", algorithm: algorithm)
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

/// What a database would know, kept in memory.
final class TestDirectory: AccessDirectory {
    struct State {
        var tenants: [String: Int32] = ["acme": 1, "other": 2]
        var suspended: Set<String> = []
        var revoked: Set<String> = []
        var permissions: Permissions = []
        var grants: [Grant] = []
        var keys: [Digest: KeyStanding] = [:]
        var sessions: [Digest: SessionStanding] = [:]
        var questions = 0
        var uses: [String: Int64] = [:]
        /// Runs within the next question, before its answer is made.
        var meanwhile: (@Sendable () -> Void)?
    }

    let state = Mutex(State())

    func standing(of principal: Principal) async throws -> PrincipalStanding? {
        state.withLock { $0.meanwhile }?()
        return state.withLock { state in
            state.questions += 1
            guard let tenant = state.tenants[principal.tenant] else { return nil }
            return PrincipalStanding(
                tenant: tenant, isSuspended: state.suspended.contains(principal.tenant),
                isRevoked: principal.tokenID.map { state.revoked.contains($0) } ?? false,
                permissions: state.permissions, grants: state.grants)
        }
    }

    func key(digest: Digest) async throws -> KeyStanding? {
        state.withLock { state in
            state.questions += 1
            return state.keys[digest]
        }
    }

    func session(digest: Digest) async throws -> SessionStanding? {
        state.withLock { state in
            state.questions += 1
            return state.sessions[digest]
        }
    }

    func accessEpochs(recent: Bool) async throws -> [Int32: Int64] { [:] }

    func noteUse(of keys: [String: Int64]) async throws { state.withLock { $0.uses = keys } }
}
