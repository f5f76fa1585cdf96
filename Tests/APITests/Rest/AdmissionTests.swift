import Access
import HTTP
import JSON
import Testing

@Suite("Admission", .timeLimit(.minutes(5)))
struct AdmissionTests {
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
            #expect(setCookie.hasPrefix("beamline_session=bls_") && setCookie.contains("; HttpOnly; SameSite=Lax"))
            let cookie = String(setCookie.prefix { $0 != ";" })
            #expect(
                try await api.send("POST", "/v1/session", as: nil, json: body, fields: ours).json?["code"]
                    == "invalid_code")

            let me = try await api.send("GET", "/v1/session", as: nil, fields: ["cookie": "x=y; \(cookie)"])
            #expect(me.status == 200 && me.json?["subject"] == "ada")
            let csrf = try #require(me.json?["csrf_token"]?.stringValue)
            #expect(signedIn.json?["csrf_token"]?.stringValue == csrf)
            #expect(try await api.send("GET", "/v1/session").json?["csrf_token"] == nil)
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: ["cookie": cookie]).status == 200)
            // The cookie's text is no bearer token.
            let text = String(cookie.dropFirst("beamline_session=".count))
            let asBearer = try await api.send("GET", "/v1/runs", as: nil, fields: ["authorization": "Bearer \(text)"])
            #expect(asBearer.status == 401)
            let origin = "http://\(api.address)"
            for (fields, code) in [
                (["sec-fetch-site": "cross-site", "x-csrf-token": csrf], "cross_site"),
                (["sec-fetch-site": "same-site", "x-csrf-token": csrf], "cross_site"),
                (["x-csrf-token": csrf], "cross_site"),
                (["origin": "http://evil.test", "x-csrf-token": csrf], "cross_site"),
                (["origin": origin], "csrf_token"), (["origin": origin, "x-csrf-token": "x"], "csrf_token"),
                (["sec-fetch-site": "same-origin", "x-csrf-token": csrf + "A"], "csrf_token"),
            ] as [(HTTPFields, String)] {
                var fields = fields
                fields["cookie"] = cookie
                let refused = try await api.send("DELETE", "/v1/session", as: nil, fields: fields)
                #expect(refused.status == 403 && refused.json?["code"]?.stringValue == code)
            }
            let out = try await api.send(
                "DELETE", "/v1/session", as: nil,
                fields: ["cookie": cookie, "origin": "http://\(api.address)", "x-csrf-token": csrf])
            #expect(out.status == 204 && out.fields["set-cookie"]?.contains("Max-Age=0") == true)
            // Whoever kept the cookie has nothing of it.
            var after = 200
            while after == 200 {
                after = try await api.send("GET", "/v1/runs", as: nil, fields: ["cookie": cookie]).status
            }
            #expect(after == 401)
        }
    }
}
