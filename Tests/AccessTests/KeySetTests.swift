import JSON
import Testing

@testable import Access

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
            "", "{", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"x"}]}"#, #"{"keys":7}"#,
            #"{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA"}"#,
        ])
    func invalid(text: String) {
        #expect(throws: KeyError.self) { try KeySet(json: Array(text.utf8)) }
    }

    @Test("keys that are too weak, for something else, or whose alg does not fit")
    func refused() throws {
        let good = try JSONValue(parsing: SigningKey.generate(id: "k").privateJWK())
        func code(_ changes: [String: JSONValue]) -> String? {
            var members = good.objectValue ?? [:]
            for (name, value) in changes { members[name] = value }
            do {
                _ = try KeySet(json: JSONValue.object(members).bytes())
                return nil
            } catch { return error.description }
        }
        #expect(code([:]) == nil)
        #expect(code(["use": "sig", "key_ops": ["verify"]]) == nil)
        #expect(code(["use": "enc"]) == "the key k is not for signatures")
        #expect(code(["key_ops": ["encrypt"]]) == "the key k is not for signatures")
        for algorithm in ["RS256", "HS256", "none", "ES384"] as [JSONValue] {
            #expect(code(["alg": algorithm]) == "the key k has an alg that is not taken, or that does not fit its kty")
        }
        #expect(code(["alg": 7]) != nil)
        #expect(code(["kid": .string(String(repeating: "k", count: 256))]) != nil)
        let secret = #"{"kty":"oct","kid":"s","k":"c2hvcnQtc2VjcmV0LW9mLTI0LWJ5dGVz"}"#
        #expect(throws: KeyError("HS256 takes a secret of 32 bytes or more")) { try KeySet(json: Array(secret.utf8)) }
    }

    @Test("of an issuer's keys, those for other uses are passed over, and a published secret is never taken")
    func issuer() throws {
        let ours = try SigningKey.generate(id: "ec")
        let rsa = try SigningKey.generate(id: "rsa", algorithm: .ps256)
        let secret = try SigningKey.generate(id: "secret", algorithm: .hs256)
        let keys = [
            try ours.publicKeySet().dropFirst(#"{"keys":["#.count).dropLast(2).description,
            try rsa.publicKeySet().dropFirst(#"{"keys":["#.count).dropLast(2).description,
            try secret.privateJWK(), #"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"AA"}"#, #"{"kid":"nothing"}"#, "7",
        ]
        let text = Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8)
        #expect(throws: KeyError.self) { try KeySet(json: text) }
        #expect(try KeySet(json: text, origin: .issuer).ids == ["ec", "rsa"])
        let onlySecret = Array(#"{"keys":[\#(try secret.privateJWK())]}"#.utf8)
        #expect(throws: KeyError.self) { try KeySet(json: onlySecret, origin: .issuer) }
        #expect(try KeySet(json: onlySecret).ids == ["secret"])
    }

    @Test("a document is bounded in bytes, keys and depth")
    func bounds() throws {
        let key = try SigningKey.generate(id: "k").publicKeySet().dropFirst(#"{"keys":["#.count).dropLast(2)
        let many = (0...KeySet.maximumCount).map { key.replacing(#""k""#, with: #""k\#($0)""#) }
        func read(_ text: String) -> String? {
            do {
                _ = try KeySet(json: Array(text.utf8), origin: .issuer)
                return nil
            } catch { return error.description }
        }
        #expect(read(#"{"keys":[\#(many.joined(separator: ","))]}"#) == "the key set has more than 100 keys")
        #expect(read(#"{"keys":[\#(many.dropLast().joined(separator: ","))]}"#) == nil)
        #expect(read(String(repeating: " ", count: KeySet.maximumLength) + "{}")?.contains("is longer than") == true)
        #expect(read(String(repeating: "[", count: 1000))?.hasPrefix("the key set is not JSON") == true)
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
