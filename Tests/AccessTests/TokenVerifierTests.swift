import JSON
import Testing

@testable import Access

@Suite("Token verification")
struct TokenVerifierTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func code(_ token: String, now: Int64 = Fixture.now) -> TokenError.Code? {
        do {
            _ = try fixture.verifier.verify(token, now: now)
            return nil
        } catch { return error.code }
    }

    @Test("what the minter issues is taken, with all its claims")
    func roundTrip() throws {
        let principal = try fixture.verifier.verify(
            try fixture.token(roles: [.operator, .developer]), now: Fixture.now)
        #expect(principal.subject == "ada" && principal.tenant == "acme" && principal.tokenID == "t1")
        #expect(principal.roles == [.operator, .developer])
        #expect(principal.expiresAt == Fixture.now + 3600)
    }

    @Test("alg none, in every spelling, with and without a signature")
    func algorithmNone() throws {
        let payload = try #require(try fixture.token().split(separator: ".").dropFirst().first)
        for algorithm in ["none", "None", "NONE", "nOnE", ""] {
            let header = base64URL(Array(#"{"alg":"\#(algorithm)","kid":"k1"}"#.utf8))
            #expect(code("\(header).\(payload).") == .algorithm)
            #expect(code("\(header).\(payload).c2ln") == .algorithm)
        }
    }

    @Test(
        "algorithms that a header may ask for instead",
        arguments: ["HS256", "RS256", "ES384", "PS256", "dir", "es256", "ES256 "])
    func otherAlgorithms(algorithm: String) throws {
        let parts = try fixture.token().split(separator: ".")
        let header = base64URL(Array(#"{"alg":"\#(algorithm)","kid":"k1"}"#.utf8))
        #expect(code("\(header).\(parts[1]).\(parts[2])") == .algorithm)
    }

    @Test("a key of the same name that is not ours, and a name that is not known")
    func wrongKey() throws {
        let forger = TokenMinter(
            key: try .generate(id: "k1"), issuer: Fixture.issuer, audience: Fixture.audience)
        #expect(
            code(
                try forger.mint(
                    subject: "eve", tenant: "acme", roles: [.admin], lifetime: 60, now: Fixture.now, id: "x"))
                == .signature)
        let stranger = TokenMinter(
            key: try .generate(id: "k2"), issuer: Fixture.issuer, audience: Fixture.audience)
        #expect(
            code(
                try stranger.mint(
                    subject: "eve", tenant: "acme", roles: [.admin], lifetime: 60, now: Fixture.now, id: "x"))
                == .unknownKey)
    }

    @Test("a payload or a signature that was changed")
    func tampered() throws {
        let parts = try fixture.token().split(separator: ".").map(String.init)
        let admin = base64URL(
            Array(
                #"{"iss":"\#(Fixture.issuer)","aud":"beamline","sub":"ada","tenant":"acme","roles":["admin"],"exp":9999999999}"#
                    .utf8))
        #expect(code("\(parts[0]).\(admin).\(parts[2])") == .signature)
        var signature = Array(parts[2])
        signature[5] = signature[5] == "A" ? "B" : "A"
        #expect(code("\(parts[0]).\(parts[1]).\(String(signature))") == .signature)
        #expect(code("\(parts[0]).\(parts[1]).") == .malformed)
        #expect(code("\(parts[0]).\(parts[1]).c2ln") == .signature)
    }

    @Test("times: expired, not yet valid, and the leeway on both")
    func times() throws {
        let token = try fixture.token(lifetime: 60)
        #expect(code(token, now: Fixture.now + 89) == nil)
        #expect(code(token, now: Fixture.now + 90) == .expired)
        #expect(code(token, now: Fixture.now - 31) == .notYetValid)
        #expect(code(try fixture.token(claims: ["nbf": .int(Fixture.now + 31)])) == .notYetValid)
        #expect(code(try fixture.token(claims: ["nbf": .int(Fixture.now + 30)])) == nil)
        #expect(code(try fixture.token(claims: ["exp": .int(.max)])) == nil)
        #expect(code(try fixture.token(claims: ["exp": .double(1e300)])) == .claims)
    }

    @Test("claims that are missing, of another type, or for somebody else")
    func claims() throws {
        let cases: [(String, JSONValue?, TokenError.Code?)] = [
            ("iss", "https://elsewhere.test", .issuer), ("iss", nil, .issuer), ("aud", "other", .audience),
            ("aud", nil, .audience), ("aud", ["other", "beamline"], nil), ("aud", ["other"], .audience),
            ("exp", nil, .claims), ("exp", "soon", .claims), ("sub", nil, .claims), ("sub", "", .claims),
            ("tenant", nil, .claims), ("tenant", "../x", .claims), ("tenant", 7, .claims), ("roles", nil, .claims),
            ("roles", [], .claims), ("roles", ["Emperor!"], .claims), ("roles", "admin", .claims),
            ("roles", ["Emperor!", "viewer"], nil), ("roles", ["emperor"], nil), ("nbf", "x", .claims),
            ("roles", .array((0..<51).map { .string("r\($0)") }), .claims),
        ]
        for (name, value, expected) in cases {
            #expect(
                code(try fixture.token(claims: [name: value])) == expected, "\(name) = \(String(describing: value))")
        }
    }

    @Test(
        "garbage",
        arguments: [
            "", ".", "..", "...", "a.b.c", "eyJ.eyJ.eyJ", "😀.😀.😀", "e30.e30.e30", "bnVsbA.e30.", "\u{0}\u{0}\u{0}",
            "e30.e30", String(repeating: "a.", count: 4000),
        ])
    func garbage(token: String) {
        #expect(code(token) == (token.hasPrefix("e30.e30.") ? .algorithm : .malformed))
    }

    @Test("ten kilobytes are refused before they are read")
    func large() {
        #expect(code(String(repeating: "a", count: 10_240)) == .tooLarge)
    }

    @Test("a token has one spelling: nothing that merely decodes to the same is taken")
    func encodedAgain() throws {
        let token = try fixture.token()
        let parts = token.split(separator: ".").map(String.init)
        var spellings = ["\(token)=", "\(token)==", " \(token)", "\(token) ", "\(token)\n", "\(token).", ".\(token)"]
        for index in 0..<3 {
            for suffix in ["=", "==", "\n", " ", "%3D"] {
                var changed = parts
                changed[index] += suffix
                spellings.append(changed.joined(separator: "."))
            }
        }
        // 64 bytes leave 4 bits over in the last character, which a lenient decoder does not look at.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(parts[2].last.flatMap { alphabet.firstIndex(of: $0) })
        #expect(last % 16 == 0)
        for bits in 1..<16 { spellings.append(String(token.dropLast()) + String(alphabet[last + bits])) }
        for spelling in spellings { #expect(code(spelling) == .malformed, "\(spelling.debugDescription)") }
        let standard = token.replacing("-", with: "+").replacing("_", with: "/")
        if standard != token { #expect(code(standard) == .malformed) }
    }

    @Test("cut off anywhere, a token is refused and nothing traps")
    func truncated() throws {
        let token = try fixture.token()
        for length in 0..<token.count {
            let refusal = code(String(token.prefix(length)))
            #expect(refusal == .malformed || refusal == .signature, "\(length)")
        }
    }

    @Test("critical extensions are refused, not ignored")
    func critical() throws {
        let parts = try fixture.token().split(separator: ".")
        let header = base64URL(Array(#"{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#.utf8))
        #expect(code("\(header).\(parts[1]).\(parts[2])") == .algorithm)
    }

    @Test("no message repeats the token")
    func messages() throws {
        let token = try fixture.token(lifetime: 1)
        do {
            _ = try fixture.verifier.verify(token, now: Fixture.now + 1000)
            Issue.record("taken")
        } catch {
            #expect(!error.description.contains("eyJ"))
        }
    }
}

extension SigningKey {
    func signForTest(_ payload: [UInt8]) throws -> String { try key.sign(payload) }
}
