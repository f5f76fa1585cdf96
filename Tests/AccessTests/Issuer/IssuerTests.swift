import JSON
import Synchronization
import Testing

@testable import Access

/// An issuer's keys, handed out when asked.
final class TestKeySource: IssuerKeySource {
    struct State {
        var keys: [SigningKey] = []
        var asked = 0
        var isAway = false
        /// Whether the next question is answered at all, or comes too soon.
        var answers = true
    }

    let ring = KeyRing(nil)
    let state = Mutex(State())

    func refresh(now: Int64) async throws(IssuerUnavailable) -> Bool {
        let (keys, isAway, answers) = state.withLock { state in
            state.asked += 1
            return (state.keys, state.isAway, state.answers)
        }
        if !isAway, answers {
            ring.replace(try? KeySet(keys))
            return true
        }
        guard ring.ids.isEmpty else { return false }
        throw IssuerUnavailable(issuer: "https://login.example", reason: "it is away")
    }
}

@Suite("Tokens of other issuers")
struct IssuerTests {
    private static let url = "https://login.example"
    private let own: Fixture
    private let source = TestKeySource()
    private let directory = TestDirectory()
    private let key: SigningKey

    init() throws {
        own = try Fixture()
        key = try .generate(id: "o1", algorithm: .rs256)
        source.state.withLock { [key] in $0.keys = [key] }
    }

    private func authenticator(_ mapping: ClaimMapping? = nil) throws -> Authenticator {
        let mapping =
            mapping
            ?? ClaimMapping(
                prefix: "company", tenant: .fixed("acme"),
                roles: ClaimMapping.Roles(claim: "groups", map: ["ops": ["operator", "release"], "boss": ["admin"]]))
        return Authenticator(
            TokenVerifier(
                Issuer(
                    url: Fixture.issuer, audience: Fixture.audience, keys: KeyRing(try KeySet([own.key])),
                    mapping: .local),
                others: [
                    Issuer(url: Self.url, audience: "beamline", keys: source.ring, mapping: mapping, source: source)
                ]), directory: directory)
    }

    private func token(_ key: SigningKey, _ claims: [String: JSONValue?] = [:]) throws -> String {
        var all: JSONObject = [
            "iss": .string(Self.url), "aud": "beamline", "sub": "ada", "groups": ["ops", "tennis"],
            "exp": .int(Fixture.now + 300), "jti": "j1",
        ]
        for (name, value) in claims { all[name] = value }
        return try key.signForTest(JSONValue.object(all).bytes())
    }

    private func outcome(_ authenticator: Authenticator, _ token: String) async throws -> String {
        do {
            let principal = try await authenticator.authenticate(token, now: Fixture.now).principal
            return "\(principal.subject) \(principal.tenant) \(principal.roleNames.joined(separator: " "))"
        } catch let error as TokenError {
            return error.code.rawValue
        } catch is IssuerUnavailable { return IssuerUnavailable.code }
    }

    @Test("its keys are fetched when the first token comes; subject, tenant and roles are mapped")
    func mapped() async throws {
        let authenticator = try authenticator()
        let token = try token(key)
        #expect(try await outcome(authenticator, token) == "company:ada acme operator release")
        #expect(try await outcome(authenticator, token) == "company:ada acme operator release")
        #expect(source.state.withLock { $0.asked } == 1)
        let identity = try await authenticator.authenticate(token, now: Fixture.now)
        #expect(identity.principal.tokenID == "company:j1")
        #expect(identity.signIn(expiresAt: .max)?.keyID == nil)
        // The node's own tokens are as they were.
        #expect(try await outcome(authenticator, own.token(roles: [.viewer])) == "ada acme viewer")
    }

    @Test("what is refused: each issuer's keys sign its own tokens alone")
    func refused() async throws {
        let authenticator = try authenticator()
        _ = try await outcome(authenticator, token(key))
        let sameName = try SigningKey.generate(id: "o1", algorithm: .rs256)
        let confused = try SigningKey(
            json: JSONValue.object([
                ("kty", "oct"), ("kid", "o1"), ("alg", "HS256"),
                ("k", .string(base64URL(Array(try key.publicKeySet().utf8)))),
            ]).bytes())
        let none = base64URL(Array(#"{"alg":"none","kid":"o1"}"#.utf8))
        let payload = try token(key).split(separator: ".")[1]
        let cases: [(String, String)] = [
            ("\(none).\(payload).", "token_algorithm"),
            (try token(confused), "token_algorithm"),
            (try token(sameName), "token_signature"),
            // The node's key for a token that names the provider, and the other way round.
            (try token(own.key), "token_unknown_key"),
            (
                try token(key, ["iss": .string(Fixture.issuer), "tenant": "acme", "roles": ["admin"]]),
                "token_unknown_key"
            ),
            (try token(key, ["iss": "https://login.example/"]), "token_issuer"),
            (try token(key, ["iss": nil]), "token_issuer"), (try token(key, ["iss": ["x"]]), "token_issuer"),
            (try token(key, ["aud": "other"]), "token_audience"),
            (try token(key, ["exp": .int(Fixture.now - 60)]), "token_expired"),
            (try token(key, ["nbf": .int(Fixture.now + 60)]), "token_not_yet_valid"),
            (try token(key, ["sub": nil]), "token_claims"), (try token(key, ["groups": ["tennis"]]), "token_claims"),
            (try token(key, ["groups": nil]), "token_claims"),
            (try token(key, ["sub": .string(String(repeating: "x", count: 250))]), "token_claims"),
            (try token(key, ["pad": .string(String(repeating: "x", count: 9000))]), "token_too_large"),
        ]
        for (token, expected) in cases { #expect(try await outcome(authenticator, token) == expected) }
    }

    @Test("a key that is not known is asked for; too soon, or with the issuer away, the token is refused")
    func rotation() async throws {
        let authenticator = try authenticator()
        let old = try token(key)
        #expect(try await outcome(authenticator, old).hasPrefix("company:ada"))
        let next = try SigningKey.generate(id: "o2", algorithm: .es256)
        #expect(try await outcome(authenticator, token(next)) == "token_unknown_key")
        source.state.withLock { $0.keys = [next] }
        #expect(try await outcome(authenticator, token(next)).hasPrefix("company:ada"))
        // The old key has left, so its tokens do, too, and an open stream of one.
        let identity = try await authenticator.authenticate(old, now: Fixture.now)
        #expect(try await !authenticator.stillStands(identity, now: Fixture.now))
        authenticator.forget(tenant: nil)
        #expect(try await outcome(authenticator, old) == "token_unknown_key")
        source.state.withLock { ($0.isAway, $0.asked) = (true, 0) }
        #expect(try await outcome(authenticator, token(next, ["jti": "j2"])).hasPrefix("company:ada"))
        #expect(try await outcome(authenticator, token(key)) == "token_unknown_key")
        #expect(source.state.withLock { $0.asked } == 1)
        // No keys at all: the token may be good, so it is not the token that is wrong.
        source.ring.replace(nil)
        #expect(try await outcome(authenticator, token(next, ["jti": "j3"])) == IssuerUnavailable.code)
    }

    @Test("tenants and roles by claims, nested and mapped; platform-admin by a map alone")
    func mappings() async throws {
        func outcome(_ tenant: ClaimMapping.Tenant, _ roles: ClaimMapping.Roles, _ claims: [String: JSONValue?])
            async throws -> String
        {
            try await self.outcome(
                try authenticator(ClaimMapping(prefix: "c", subject: "email", tenant: tenant, roles: roles)),
                try token(key, claims.merging(["email": "a@b"]) { $1 }))
        }
        let groups = ClaimMapping.Roles(claim: "groups")
        #expect(try await outcome(.claim("org", map: nil), groups, ["org": "other"]) == "c:a@b other ops tennis")
        #expect(try await outcome(.claim("org", map: nil), groups, ["org": "A/B"]) == "token_claims")
        #expect(
            try await outcome(.claim("org", map: ["A/B": "acme"]), groups, ["org": "A/B"]) == "c:a@b acme ops tennis")
        #expect(try await outcome(.claim("org", map: ["A/B": "acme"]), groups, ["org": "acme"]) == "token_claims")
        #expect(
            try await outcome(
                .fixed("acme"), ClaimMapping.Roles(claim: "realm_access.roles"),
                ["realm_access": .object([("roles", ["viewer"])])]) == "c:a@b acme viewer")
        #expect(
            try await outcome(
                .fixed("acme"), ClaimMapping.Roles(claim: "https://x.test/roles"),
                ["https://x.test/roles": "viewer ops"])
                == "c:a@b acme ops viewer")
        #expect(
            try await outcome(
                .fixed("acme"), ClaimMapping.Roles(claim: "none", always: ["viewer"]), [:]) == "c:a@b acme viewer")
        #expect(
            try await outcome(.fixed("acme"), groups, ["groups": ["platform-admin", "viewer"]]) == "c:a@b acme viewer")
        #expect(
            try await outcome(
                .fixed("acme"), ClaimMapping.Roles(claim: "groups", map: ["root": ["platform-admin"]]),
                ["groups": ["root"]]) == "c:a@b acme platform-admin")
    }
}
