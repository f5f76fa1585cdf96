import JSON
import Testing

@testable import Access

@Suite("Signing in at a provider")
struct SignInTests {
    private let key: SigningKey
    private let issuer: Issuer

    init() throws {
        key = try .generate(id: "p1")
        issuer = Issuer(
            url: "https://p.test", audience: "ignored", keys: KeyRing(try KeySet([key])),
            mapping: ClaimMapping(prefix: "p", tenant: .fixed("acme"), roles: .init(claim: "groups")))
    }

    @Test("state, nonce and verifier follow from the browser's secret, and none from another")
    func derived() throws {
        var generator = SystemRandomNumberGenerator()
        let request = SignInRequest(using: &generator)
        let texts = [request.state, request.nonce, request.codeVerifier, request.codeChallenge]
        #expect(Set(texts).count == 4 && texts.allSatisfy { $0.count == 43 })
        let again = try #require(SignInRequest(secret: request.secret))
        #expect(again.state == request.state && again.codeVerifier == request.codeVerifier)
        #expect(SignInRequest(using: &generator).state != request.state)
        #expect(request.codeChallenge == base64URL(Digest(of: request.codeVerifier).bytes))
        for broken in ["", request.secret + "0", String(request.secret.dropLast()), request.secret.uppercased()] {
            #expect(SignInRequest(secret: broken) == nil)
        }
    }

    @Test("the browser's way to the provider has everything of the request, encoded")
    func url() throws {
        let request = try #require(SignInRequest(secret: String(repeating: "0", count: 52)))
        let url = request.url(
            at: "https://p.test/a?x=1", clientID: "a b&c", redirectURL: "https://b.test/cb", scopes: ["openid", "é"])
        #expect(
            url
                == "https://p.test/a?x=1&response_type=code&client_id=a%20b%26c&redirect_uri=https%3A%2F%2Fb.test%2Fcb"
                + "&scope=openid%20%C3%A9&state=\(request.state)&nonce=\(request.nonce)"
                + "&code_challenge=\(request.codeChallenge)&code_challenge_method=S256")
        // RFC 7617's own example, with nothing to encode.
        #expect(
            ClientCredentials.basic(id: "Aladdin", secret: "opensesame") == "Basic QWxhZGRpbjpvcGVuc2VzYW1l")
        #expect(ClientCredentials.basic(id: "a", secret: "b:") == "Basic YTpiJTNB")
    }

    @Test("ID tokens: for this client and this sign-in, else refused")
    func idTokens() async throws {
        let verifier = IDTokenVerifier(issuer: issuer, clientID: "client")
        func outcome(_ claims: [String: JSONValue?] = [:], key: SigningKey? = nil) async throws -> String {
            var all: JSONObject = [
                "iss": "https://p.test", "aud": "client", "sub": "ada", "groups": ["viewer"], "nonce": "n",
                "exp": .int(Fixture.now + 60),
            ]
            for (name, value) in claims { all[name] = value }
            let token = try (key ?? self.key).signForTest(JSONValue.object(all).bytes())
            do {
                let verified = try await verifier.verify(token, nonce: "n", now: Fixture.now)
                return try verified.principal(by: issuer.mapping).subject
            } catch let error as TokenError { return error.code.rawValue }
        }
        #expect(try await outcome() == "p:ada")
        #expect(try await outcome(["aud": ["client"]]) == "p:ada")
        #expect(try await outcome(["aud": ["client", "x"], "azp": "client"]) == "p:ada")
        let cases: [([String: JSONValue?], String)] = [
            (["nonce": "other"], "token_claims"), (["nonce": nil], "token_claims"),
            (["aud": "ignored"], "token_audience"),
            (["aud": ["client", "x"]], "token_audience"), (["aud": ["client", "x"], "azp": "x"], "token_audience"),
            (["iss": "https://q.test"], "token_issuer"), (["exp": .int(Fixture.now - 31)], "token_expired"),
            (["groups": nil], "token_claims"),
        ]
        for (claims, code) in cases { #expect(try await outcome(claims) == code, "\(claims)") }
        #expect(try await outcome(key: .generate(id: "p1")) == "token_signature")
        #expect(try await outcome(key: .generate(id: "p2")) == "token_unknown_key")
    }
}
