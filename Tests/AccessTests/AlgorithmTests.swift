import JSON
import Testing

@testable import Access

@Suite("Algorithms of tokens")
struct AlgorithmTests {
    private func code(_ token: String, _ verifier: TokenVerifier) -> TokenError.Code? {
        do {
            _ = try verifier.verify(token, now: Fixture.now)
            return nil
        } catch { return error.code }
    }

    @Test("each algorithm signs and verifies, through its files too", arguments: Algorithm.allCases)
    func roundTrip(algorithm: Algorithm) throws {
        let made = try SigningKey.generate(id: "k1", algorithm: algorithm)
        let loaded = try SigningKey(json: Array(try made.privateJWK().utf8))
        #expect(loaded.algorithm == algorithm)
        let document = algorithm == .hs256 ? try made.privateJWK() : try made.publicKeySet()
        let verifier = TokenVerifier(
            keys: try KeySet(json: Array(document.utf8)), issuer: Fixture.issuer, audience: Fixture.audience)
        let token = try TokenMinter(key: loaded, issuer: Fixture.issuer, audience: Fixture.audience).mint(
            subject: "ada", tenant: "acme", roles: [.viewer], lifetime: 60, now: Fixture.now, id: "1")
        #expect(try verifier.verify(token, now: Fixture.now).subject == "ada")
        // A changed signature, for every algorithm.
        let cut = try #require(token.lastIndex(of: "."))
        var signature = Array(token[cut...])
        signature[9] = signature[9] == "A" ? "B" : "A"
        #expect(code(token[..<cut] + String(signature), verifier) == .signature)
    }

    @Test("a key is for one algorithm: the same token under any other header is refused before anything is verified")
    func pinned() throws {
        for mine in Algorithm.allCases {
            let fixture = try Fixture(mine)
            let parts = try fixture.token().split(separator: ".")
            for other in Algorithm.allCases where other != mine {
                let header = base64URL(Array(#"{"alg":"\#(other.rawValue)","kid":"k1"}"#.utf8))
                #expect(code("\(header).\(parts[1]).\(parts[2])", fixture.verifier) == .algorithm, "\(mine) \(other)")
            }
        }
    }

    @Test("HS/RS confusion: the public key, in each of its forms, is no secret")
    func confusion() throws {
        for algorithm in [Algorithm.rs256, .ps256, .es256] {
            let fixture = try Fixture(algorithm)
            let document = try fixture.key.publicKeySet()
            let member = try #require(JSONValue(parsing: document)["keys"]?[0])
            let modulus = member["n"]?.stringValue ?? member["x"]?.stringValue ?? ""
            for secret in [document, member.text(), modulus, String(repeating: "\u{0}", count: 32)] {
                let forged = try SigningKey(
                    json: JSONValue.object(
                        [
                            "kty": "oct", "kid": "k1", "alg": "HS256", "k": .string(base64URL(Array(secret.utf8))),
                        ] as JSONObject
                    ).bytes())
                let token = try TokenMinter(key: forged, issuer: Fixture.issuer, audience: Fixture.audience).mint(
                    subject: "eve", tenant: "acme", roles: [.admin], lifetime: 60, now: Fixture.now, id: "x")
                #expect(code(token, fixture.verifier) == .algorithm)
            }
        }
    }

    @Test("rotation: both keys are taken while both are in the ring, and the old one no longer than that")
    func rotation() throws {
        let (old, new) = (try SigningKey.generate(id: "old"), try SigningKey.generate(id: "new", algorithm: .rs256))
        func token(_ key: SigningKey) throws -> String {
            try TokenMinter(key: key, issuer: "i", audience: "a").mint(
                subject: "s", tenant: "t", roles: [.viewer], lifetime: 60, now: Fixture.now, id: "1")
        }
        let ring = KeyRing(try KeySet([old]))
        let verifier = TokenVerifier(keys: ring, issuer: "i", audience: "a")
        #expect(code(try token(old), verifier) == nil)
        #expect(code(try token(new), verifier) == .unknownKey)
        ring.replace(try KeySet([old, new]))
        #expect(code(try token(old), verifier) == nil)
        #expect(code(try token(new), verifier) == nil)
        ring.replace(try KeySet([new]))
        #expect(code(try token(old), verifier) == .unknownKey)
        #expect(code(try token(new), verifier) == nil)
    }
}
