import API
import Access
import HTTP
import JSON
import Testing

/// A provider that knows one code.
private struct TestProvider: SignInProvider {
    let name = "company"
    let title = "Company"
    let issuerURL = "https://p.test"
    var tenant = "acme"
    var isAway = false

    func url(for request: SignInRequest) async throws(SignInFailure) -> String {
        guard !isAway else { throw SignInFailure(.provider, "it is away") }
        return "https://p.test/authorize?state=\(request.state)"
    }

    func signIn(code: String, for request: SignInRequest, now: Int64) async throws(SignInFailure) -> SignIn {
        guard code == "good" else { throw SignInFailure(.token, "that is no code") }
        return SignIn(
            subject: "company:ada", tenant: tenant, roles: ["operator"], expiresAt: now + 3600, tokenID: "company:j1")
    }
}

@Suite("Signing in to the dashboard", .timeLimit(.minutes(5)))
struct SignInTests {
    private static func cookie(_ answer: APIFixture.Answer, _ name: String) -> String? {
        answer.fields.values(of: "set-cookie").first { $0.hasPrefix("\(name)=") && !$0.hasPrefix("\(name)=;") }
            .map { String($0.prefix { $0 != ";" }) }
    }

    /// Begins a sign-in; answers the browser's cookie and the state.
    private static func begin(_ api: APIFixture) async throws -> (cookie: String, state: String) {
        let answer = try await api.send("GET", "/v1/session/oidc/company", as: nil)
        #expect(answer.status == 303 && answer.fields["cache-control"] == "no-store")
        let location = try #require(answer.fields["location"])
        #expect(location.hasPrefix("https://p.test/authorize?state="))
        return (
            try #require(cookie(answer, "beamline_sign_in")),
            String(location.dropFirst("https://p.test/authorize?state=".count))
        )
    }

    @Test("the whole way: list, leave, come back, a session, which ends with the revocation of what it comes from")
    func whole() async throws {
        try await APIFixture.run(signIn: [TestProvider()]) { api in
            let listed = try await api.send("GET", "/v1/session/providers", as: nil)
            #expect(listed.json?["providers"] == [["name": "company", "title": "Company"]])
            let (cookie, state) = try await Self.begin(api)
            let back = try await api.send(
                "GET", "/v1/session/oidc/company/callback?code=good&state=\(state)&iss=https%3A%2F%2Fp.test&hd=x",
                as: nil,
                fields: ["cookie": cookie])
            #expect(back.status == 303 && back.fields["location"] == "/")
            #expect(back.fields.values(of: "set-cookie").contains { $0.hasPrefix("beamline_sign_in=;") })
            let session = try #require(Self.cookie(back, "beamline_session"))
            let me = try await api.send("GET", "/v1/session", as: nil, fields: ["cookie": session])
            #expect(me.json?["subject"] == "company:ada" && me.json?["roles"] == ["operator"])
            #expect(try await api.send("DELETE", "/v1/tokens/company%3Aj1").status == 204)
            var after = try await api.send("GET", "/v1/runs", as: nil, fields: ["cookie": session])
            while after.status == 200 {
                after = try await api.send("GET", "/v1/runs", as: nil, fields: ["cookie": session])
            }
            #expect(after.status == 401 && after.json?["code"] == "session_ended")
        }
    }

    @Test("ways back that sign nobody in")
    func refused() async throws {
        try await APIFixture.run(signIn: [TestProvider()]) { api in
            let (cookie, state) = try await Self.begin(api)
            let (other, _) = try await Self.begin(api)
            let cases: [(query: String, cookie: String?, code: String)] = [
                ("code=good&state=\(state)", nil, "sign_in_expired"),
                ("code=good&state=\(state)", other, "sign_in_expired"),
                ("code=good&state=\(state)", cookie.replacing("company.", with: "others."), "sign_in_expired"),
                ("code=good&state=x", cookie, "sign_in_expired"), ("code=good", cookie, "sign_in_expired"),
                ("code=good&state=\(state)&state=\(state)", cookie, "sign_in_expired"),
                ("", cookie, "sign_in_expired"),
                ("state=\(state)", cookie, "provider_failed"), ("code=&state=\(state)", cookie, "provider_failed"),
                ("code=good&state=\(state)&iss=https%3A%2F%2Fq.test", cookie, "provider_failed"),
                ("error=access_denied&state=\(state)", cookie, "access_denied"),
                ("code=bad&state=\(state)", cookie, "token_refused"),
            ]
            for (query, cookie, code) in cases {
                var fields: HTTPFields = [:]
                if let cookie { fields["cookie"] = cookie }
                let answer = try await api.send(
                    "GET", "/v1/session/oidc/company/callback?\(query)", as: nil, fields: fields)
                #expect(answer.status == 303 && answer.fields["location"] == "/#sign-in-error=\(code)", "\(query)")
                #expect(Self.cookie(answer, "beamline_session") == nil, "\(query)")
            }
            #expect(try await api.send("GET", "/v1/session/oidc/nobody", as: nil).status == 404)
            #expect(try await api.send("GET", "/v1/session/oidc/nobody/callback", as: nil).status == 404)
        }
        try await APIFixture.run(signIn: [TestProvider(tenant: "ghost", isAway: true)]) { api in
            let answer = try await api.send("GET", "/v1/session/oidc/company", as: nil)
            #expect(answer.status == 303 && answer.fields["location"] == "/#sign-in-error=provider_failed")
        }
        try await APIFixture.run(signIn: [TestProvider(tenant: "ghost")]) { api in
            let (cookie, state) = try await Self.begin(api)
            let answer = try await api.send(
                "GET", "/v1/session/oidc/company/callback?code=good&state=\(state)", as: nil, fields: ["cookie": cookie]
            )
            #expect(answer.fields["location"] == "/#sign-in-error=no_account")
        }
    }

    @Test("a session by code ends when its token is revoked, and when the key that signed it is taken away")
    func ends() async throws {
        try await APIFixture.run { api in
            func session(_ id: String) async throws -> HTTPFields {
                let token = try api.minter.mint(
                    subject: "ada", tenant: "acme", roles: [.viewer], lifetime: 600, now: APIFixture.now, id: id)
                let code = try await api.send(
                    "POST", "/v1/session/codes", as: nil, fields: ["authorization": "Bearer \(token)"])
                let text = try #require(code.json?["code"]?.stringValue)
                let signedIn = try await api.send(
                    "POST", "/v1/session", as: nil, json: #"{"code":"\#(text)"}"#,
                    fields: ["sec-fetch-site": "same-origin"])
                let cookie = try #require(Self.cookie(signedIn, "beamline_session"))
                // A session makes no further ones.
                let csrf = try #require(signedIn.json?["csrf_token"]?.stringValue)
                let more = try await api.send(
                    "POST", "/v1/session/codes", as: nil,
                    fields: ["cookie": cookie, "sec-fetch-site": "same-origin", "x-csrf-token": csrf])
                #expect(more.status == 403)
                return ["cookie": cookie]
            }
            func status(_ fields: HTTPFields) async throws -> Int {
                try await api.send("GET", "/v1/runs", as: nil, fields: fields).status
            }
            let (first, second) = (try await session("one"), try await session("two"))
            async let stream = api.send("GET", "/v1/events", as: nil, fields: first)
            #expect(try await api.send("DELETE", "/v1/tokens/one").status == 204)
            while try await status(first) == 200 {}
            #expect(try await status(first) == 401)
            #expect(try await status(second) == 200)
            // Its open stream is over, or was refused where the revocation came first.
            #expect(try await [200, 401].contains(stream.status))
            api.ring.replace(try KeySet([try .generate(id: "next")]))
            api.api.access.keysChanged()
            #expect(try await status(second) == 401)
        }
    }
}
