import Access
import HTTP
import JSON
import Testing

@Suite("Tokens that are refused", .serialized, .timeLimit(.minutes(5)))
struct RefusedTokenTests {
    private static func answer(_ api: APIFixture, _ header: String) async throws -> String {
        let answer = try await api.send("GET", "/v1/runs", as: nil, fields: ["authorization": header])
        return "\(answer.status) \(answer.json?["code"]?.stringValue ?? "")"
    }

    @Test("each kind answers 401 with its code, over REST and gRPC, and none 500")
    func all() async throws {
        try await APIFixture.run { api in
            let now = APIFixture.now
            func minter(_ key: SigningKey, issuer: String = APIFixture.issuer, audience: String = APIFixture.audience)
                -> TokenMinter
            { TokenMinter(key: key, issuer: issuer, audience: audience) }
            func mint(_ minter: TokenMinter, from: Int64 = 0, id: String = "x") throws -> String {
                try minter.mint(
                    subject: "eve", tenant: "acme", roles: [.admin], lifetime: 60, now: now + from, id: id)
            }
            let good = try api.token(.admin)
            let parts = good.split(separator: ".").map(String.init)
            let modulus = try JSONValue(parsing: api.key.publicKeySet())["keys"]?[0]?.text() ?? ""
            let confused = try SigningKey(
                json: JSONValue.object([
                    ("kty", "oct"), ("kid", "test"), ("alg", "HS256"), ("k", .string(encoded(Array(modulus.utf8)))),
                ]).bytes())
            _ = try await api.send("DELETE", "/v1/tokens/revoked-one")
            let header = encoded(Array(#"{"alg":"none","kid":"test"}"#.utf8))
            let cases: [(String, String)] = [
                ("\(header).\(parts[1]).", "token_algorithm"),
                (try mint(minter(confused)), "token_algorithm"),
                (try mint(minter(.generate(id: "test"))), "token_signature"),
                (try mint(minter(.generate(id: "test", algorithm: .rs256))), "token_algorithm"),
                (try mint(minter(api.key, issuer: "elsewhere")), "token_issuer"),
                (try mint(minter(api.key, audience: "other")), "token_audience"),
                (try mint(api.minter, from: -1000), "token_expired"),
                (try mint(api.minter, from: 1000), "token_not_yet_valid"),
                (try mint(minter(.generate(id: "stranger"))), "token_unknown_key"),
                (try mint(api.minter, id: "revoked-one"), "token_revoked"),
                (String(repeating: "a", count: 10_240), "token_too_large"),
                (good + String(repeating: "A", count: 10_240), "token_too_large"),
                (String(good.dropLast(10)), "token_signature"),
                (String(good.prefix(good.count / 2)), "token_malformed"),
                ("\(good)=", "token_malformed"),
                ("nonsense", "token_malformed"), ("blk_nonsense", "token_malformed"),
                ("blk_" + String(repeating: "0", count: 40), "key_unknown"),
            ]
            for (token, code) in cases {
                #expect(try await Self.answer(api, "Bearer \(token)") == "401 \(code)", "\(token.prefix(60))")
            }
            for header in ["Basic YTpi", "Bearer", "Bearer a b", good] {
                #expect(try await Self.answer(api, header) == "401 token_malformed")
            }
            #expect(try await Self.answer(api, "Bearer \(good)") == "200 ")
            #expect(try await Self.answer(api, "bEARER \(good)") == "200 ")
        }
    }

    @Test("a rotated key: its tokens are refused once it has left the ring and what was remembered is forgotten")
    func rotated() async throws {
        try await APIFixture.run { api in
            let old = try api.token(.admin)
            #expect(try await Self.answer(api, "Bearer \(old)") == "200 ")
            let new = try SigningKey.generate(id: "new", algorithm: .ps256)
            api.ring.replace(try KeySet([new]))
            api.authenticator.forget(tenant: nil)
            #expect(try await Self.answer(api, "Bearer \(old)") == "401 token_unknown_key")
            let token = try TokenMinter(key: new, issuer: APIFixture.issuer, audience: APIFixture.audience).mint(
                subject: "ada", tenant: "acme", roles: [.admin], lifetime: 60, now: APIFixture.now, id: "n")
            #expect(try await Self.answer(api, "Bearer \(token)") == "200 ")
        }
    }

    @Test("a token of a tenant that is not there, or is suspended")
    func tenants() async throws {
        try await APIFixture.run { api in
            func answer(_ tenant: String) async throws -> String {
                try await Self.answer(api, "Bearer \(try api.token(.admin, tenant: tenant))")
            }
            #expect(try await answer("ghost") == "403 tenant_not_found")
            #expect(try await answer("other") == "200 ")
            #expect(try await api.send("POST", "/v1/tenants/other/suspend", as: .platformAdmin).status == 204)
            #expect(try await api.send("POST", "/v1/tenants/ghost/suspend", as: .platformAdmin).status == 404)
            #expect(try await api.send("POST", "/v1/tenants/acme/suspend", as: .platformAdmin).status == 409)
            while try await answer("other") != "403 tenant_suspended" { await Task.yield() }
            let listed = try await api.send("GET", "/v1/tenants", as: .platformAdmin)
            #expect(listed.json?["tenants"]?.arrayValue?.map { $0["suspended_at"] != nil } == [false, true])
            #expect(try await api.send("POST", "/v1/tenants/other/resume", as: .platformAdmin).status == 204)
            while try await answer("other") != "200 " { await Task.yield() }
        }
    }
}

/// base64url without padding (RFC 4648 §5).
private func encoded(_ bytes: [UInt8]) -> String {
    var text = ""
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let word = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
        for place in 0...group.count { text.append(alphabet[word >> (18 - 6 * place) & 63]) }
    }
    return text
}
