import Access
import JSON
import Testing

@Suite("Secrets", .serialized, .timeLimit(.minutes(5)))
struct SecretTests {
    @Test("a value goes in and never comes out; names, origins and who set them do; each tenant has its own")
    func life() async throws {
        try await APIFixture.run { api in
            let value = "s3cr3t-\(UInt64.random(in: 0 ... .max))"
            let set = try await api.send("PUT", "/v1/secrets/ci%2Ftoken", json: #"{"value":"\#(value)"}"#)
            #expect(set.status == 200 && set.json?["name"] == "ci/token" && set.json?["updated_by"] == "ada")
            let listed = try await api.send("GET", "/v1/secrets", as: .viewer)
            #expect(listed.json?["secrets"]?[0]?["provider"] == "built-in")
            for answer in [set, listed] { #expect(!answer.text.contains(value)) }
            #expect(try await api.send("GET", "/v1/secrets/ci%2Ftoken").status == 405)
            #expect(try await api.send("GET", "/v1/secrets", tenant: "other").json?["secrets"] == [])
            #expect(try await api.send("DELETE", "/v1/secrets/ci%2Ftoken", tenant: "other").status == 404)
            #expect(try await api.send("POST", "/v1/secrets/rotate").json?["resealed"] == 0)
            #expect(try await api.send("DELETE", "/v1/secrets/ci%2Ftoken").status == 204)
            #expect(try await api.send("DELETE", "/v1/secrets/ci%2Ftoken").status == 404)
        }
    }

    @Test("a grant on one secret lets that one be set")
    func grants() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/roles/sealer", json: #"{"permissions":["secrets:write"]}"#)
            let body = #"{"subject":"ada","role":"sealer","kind":"secret","name":"mine"}"#
            _ = try await api.send("POST", "/v1/grants", json: body)
            let value = #"{"value":"x"}"#
            #expect(try await api.send("PUT", "/v1/secrets/mine", as: .worker, json: value).status == 200)
            #expect(try await api.send("PUT", "/v1/secrets/yours", as: .worker, json: value).status == 403)
            #expect(try await api.send("POST", "/v1/secrets/rotate", as: .worker).status == 403)
        }
    }

    @Test("names and values that are not taken")
    func refused() async throws {
        let cases: [(name: String, body: String, status: Int)] = [
            ("a%20b", #"{"value":"x"}"#, 422), ("..%2Fx", #"{"value":"x"}"#, 422), ("a", #"{"value":""}"#, 422),
            ("a", "{}", 400), ("a", #"{"value":7}"#, 400), ("a", #"{"value":"x","y":1}"#, 400),
        ]
        try await APIFixture.run { api in
            for (name, body, status) in cases {
                let answer = try await api.send("PUT", "/v1/secrets/\(name)", json: body)
                #expect(answer.status == status, "\(name) \(body)")
            }
        }
    }
}
