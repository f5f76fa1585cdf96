import Access
import HTTP
import JSON
import Testing

@Suite("Admission", .timeLimit(.minutes(2)))
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
