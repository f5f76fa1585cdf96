import Access
import Testing

@Suite("Keys")
struct KeySetTests {
    @Test("a key survives its file; the public set verifies what the private key signs")
    func files() throws {
        let made = try SigningKey.generate(id: "k1")
        let loaded = try SigningKey(json: Array(try made.privateJWK().utf8))
        let keys = try KeySet(json: Array(try made.publicKeySet().utf8))
        #expect(try !made.publicKeySet().contains(#""d""#))
        let token = try TokenMinter(key: loaded, issuer: "i", audience: "a").mint(
            subject: "s", tenant: "t", roles: [.viewer], lifetime: 60, now: 0, id: "1")
        #expect(try TokenVerifier(keys: keys, issuer: "i", audience: "a").verify(token, now: 0).subject == "s")
    }

    @Test(
        "files that are no key set",
        arguments: [
            "", "{", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"x"}]}"#,
            #"{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA"}"#,
        ])
    func invalid(text: String) {
        #expect(throws: KeyError.self) { try KeySet(json: Array(text.utf8)) }
    }

    @Test("two keys of one name, a key without a name, a public key that should sign")
    func unusable() throws {
        let key = try SigningKey.generate(id: "k1")
        #expect(throws: KeyError.self) { try KeySet([key, key]) }
        #expect(throws: KeyError.self) { try KeySet([SigningKey.generate(id: "")]) }
        let publicJWK = try key.publicKeySet().dropFirst(#"{"keys":["#.count).dropLast(2)
        #expect(throws: KeyError.self) { try SigningKey(json: Array(publicJWK.utf8)) }
    }
}
