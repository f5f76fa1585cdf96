import Access
import HTTP
import JSON
import Telemetry
import Testing

@Suite("Admission", .timeLimit(.minutes(2)))
struct AdmissionTests {
    @Test("nothing but health and sign-in is open, and each role does what the table says")
    func matrix() async throws {
        try await APIFixture.run { api in
            for operation in OpenAPIDocument.shared.operations where !operation.isOpen {
                let path = operation.path.replacing("{id}", with: "01HZZZZZZZZZZZZZZZZZZZZZZZ").replacing(
                    "{name}", with: "f")
                let answer = try await api.send(operation.method, path, as: nil)
                #expect(answer.status == 401, "\(operation.id)")
                #expect(answer.json?["code"] == "token_missing")
                #expect(answer.fields["www-authenticate"]?.hasPrefix("Bearer") == true)
                let worker = try await api.send(operation.method, path, as: .worker)
                #expect(
                    (worker.status == 403) == !["getSession", "deleteSession"].contains(operation.id), "\(operation.id)"
                )
            }
            #expect(try await api.send("GET", "/v1/system/tree", as: .developer).status == 403)
            #expect(try await api.send("GET", "/metrics", as: .viewer).status == 403)
            #expect(try await api.send("POST", "/v1/workflows", as: .operator, json: "{}").json?["code"] == "forbidden")
        }
    }

    @Test("tokens that are wrong say how")
    func tokens() async throws {
        try await APIFixture.run { api in
            let stranger = TokenMinter(
                key: try .generate(id: "test"), issuer: APIFixture.issuer, audience: APIFixture.audience)
            let elsewhere = TokenMinter(key: api.key, issuer: APIFixture.issuer, audience: "other")
            let now = WallTime.now().microseconds / 1_000_000
            func mint(_ minter: TokenMinter, tenant: String = "acme", from: Int64 = 0) throws -> String {
                try minter.mint(
                    subject: "eve", tenant: tenant, roles: [.admin], lifetime: 60, now: now + from, id: "x")
            }
            let payload = try api.token(.admin).split(separator: ".")[1]
            let cases: [(String, String)] = [
                ("Bearer nonsense", "token_malformed"), ("Basic YTpi", "token_malformed"),
                ("Bearer \(try mint(stranger))", "token_signature"),
                ("Bearer \(try mint(elsewhere))", "token_audience"),
                ("Bearer \(try mint(api.minter, from: -1000))", "token_expired"),
                ("Bearer eyJhbGciOiJub25lIn0.\(payload).", "token_algorithm"),
                ("Bearer \(String(repeating: "a", count: 10_240))", "token_too_large"),
            ]
            for (header, code) in cases {
                let answer = try await api.send("GET", "/v1/runs", as: nil, fields: ["authorization": header])
                #expect(
                    answer.status == 401 && answer.json?["code"] == .string(code), "\(header.prefix(30)) \(answer.text)"
                )
            }
            let ghost = try await api.send(
                "GET", "/v1/runs", as: nil, fields: ["authorization": "Bearer \(try mint(api.minter, tenant: "ghost"))"]
            )
            #expect(ghost.status == 403 && ghost.json?["code"] == "tenant_not_found")
        }
    }

    @Test("a tenant sees nothing of another")
    func tenants() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
            let id = run.json?["id"]?.stringValue ?? ""
            for path in ["/v1/runs/\(id)", "/v1/runs/\(id)/logs", "/v1/workflows/f", "/v1/workflows/f/versions"] {
                #expect(try await api.send("GET", path, tenant: "other").status == 404, "\(path)")
            }
            #expect(try await api.send("POST", "/v1/runs/\(id)/cancel", tenant: "other").status == 404)
            #expect(try await api.send("GET", "/v1/runs", tenant: "other").json?["runs"] == [])
            #expect(try await api.send("GET", "/v1/workflows", tenant: "other").json?["workflows"] == [])
            #expect(try await api.send("POST", "/v1/runs", tenant: "other", json: #"{"workflow":"f"}"#).status == 404)
        }
    }

    @Test("a browser signs in by a one-time code, uses its cookie from our pages alone, and signs out")
    func session() async throws {
        try await APIFixture.run { api in
            let issued = try await api.send("POST", "/v1/session/codes", as: .viewer)
            let code = try #require(issued.json?["code"]?.stringValue)
            let body = #"{"code":"\#(code)"}"#
            let ours: HTTPFields = ["sec-fetch-site": "same-origin"]
            let foreign = try await api.send(
                "POST", "/v1/session", as: nil, json: body, fields: ["sec-fetch-site": "cross-site"])
            #expect(foreign.status == 403 && foreign.json?["code"] == "cross_site")
            let signedIn = try await api.send("POST", "/v1/session", as: nil, json: body, fields: ours)
            #expect(signedIn.status == 200 && signedIn.json?["roles"] == ["viewer"])
            let setCookie = try #require(signedIn.fields["set-cookie"])
            #expect(setCookie.hasPrefix("beamline_session=") && setCookie.contains("; HttpOnly; SameSite=Strict"))
            let cookie = String(setCookie.prefix { $0 != ";" })
            #expect(
                try await api.send("POST", "/v1/session", as: nil, json: body, fields: ours).json?["code"]
                    == "invalid_code")

            let me = try await api.send("GET", "/v1/session", as: nil, fields: ["cookie": "x=y; \(cookie)"])
            #expect(me.status == 200 && me.json?["subject"] == "ada")
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: ["cookie": cookie]).status == 200)
            for (fields, status) in [
                (["cookie": cookie, "sec-fetch-site": "cross-site"], 403), (["cookie": cookie], 403),
                (["cookie": cookie, "origin": "http://evil.test"], 403),
                (["cookie": cookie, "origin": "http://\(api.address)"], 204),
            ] as [(HTTPFields, Int)] {
                #expect(try await api.send("DELETE", "/v1/session", as: nil, fields: fields).status == status)
            }
        }
    }
}
