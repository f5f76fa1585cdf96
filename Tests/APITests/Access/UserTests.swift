import Access
import HTTP
import JSON
import Testing

@testable import API

@Suite("Users over the API", .serialized, .timeLimit(.minutes(5)))
struct UserTests {
    private static func bearer(_ api: APIFixture, _ subject: String, _ roles: Role..., id: String) throws -> HTTPFields
    {
        let token = try api.minter.mint(
            subject: subject, tenant: "acme", roles: Set(roles), lifetime: 600, now: APIFixture.now, id: id)
        return ["authorization": "Bearer \(token)"]
    }

    /// Signs a subject in by a code, and answers the cookie's line.
    private static func signIn(_ api: APIFixture, _ fields: HTTPFields) async throws -> APIFixture.Answer {
        let issued = try await api.send("POST", "/v1/session/codes", as: nil, fields: fields)
        let code = try #require(issued.json?["code"]?.stringValue)
        return try await api.send(
            "POST", "/v1/session", as: nil, json: #"{"code":"\#(code)"}"#, fields: ["sec-fetch-site": "same-origin"])
    }

    private static func cookie(_ answer: APIFixture.Answer) throws -> HTTPFields {
        let line = try #require(answer.fields["set-cookie"])
        return ["cookie": String(line.prefix { $0 != ";" })]
    }

    /// Asks until the node no longer takes the credential; it looks for changes twice a second.
    private static func refusal(_ api: APIFixture, _ path: String, _ fields: HTTPFields) async throws -> String {
        while true {
            let answer = try await api.send("GET", path, as: nil, fields: fields)
            if answer.status != 200 { return "\(answer.status) \(answer.json?["code"]?.stringValue ?? "")" }
        }
    }

    private static func subjects(_ api: APIFixture) async throws -> [String] {
        let users = try await api.send("GET", "/v1/users", as: .viewer)
        return users.json?["users"]?.arrayValue?.compactMap { $0["subject"]?.stringValue } ?? []
    }

    @Test("who has signed in or has a grant is known, with sessions and grants; keys are no users")
    func known() async throws {
        try await APIFixture.run { api in
            #expect(try await Self.subjects(api) == [])
            let bob = try Self.bearer(api, "company:bob/é", .operator, id: "b1")
            let session = try Self.cookie(try await Self.signIn(api, bob))
            #expect(try await api.send("GET", "/v1/session", as: nil, fields: session).status == 200)
            for subject in ["carol", "key:blk_00000000"] {
                let grant = #"{"subject":"\#(subject)","role":"viewer","kind":"workflow","name":"f"}"#
                #expect(try await api.send("POST", "/v1/grants", json: grant).status == 201)
            }
            #expect(try await Self.subjects(api) == ["carol", "company:bob/é"])
            let path = "/v1/users/company%3Abob%2F%C3%A9"
            let shown = try await api.send("GET", path, as: .viewer)
            #expect(shown.json?["user"]?["roles"] == ["operator"] && shown.json?["user"]?["sessions"] == 1)
            #expect(shown.json?["sessions"]?[0]?["id"]?.stringValue?.hasPrefix("ses_") == true)
            let carol = try await api.send("GET", "/v1/users/carol")
            #expect(carol.json?["grants"]?[0]?["name"] == "f" && carol.json?["user"]?["signed_in_at"] == nil)
            let nobody = try await api.send("GET", "/v1/users/nobody")
            #expect(nobody.status == 404 && nobody.json?["code"] == "user_not_found")
            #expect(try await api.send("GET", "/v1/users/key%3Ablk_1").json?["code"] == "invalid_subject")

            let ended = try await api.send("DELETE", "\(path)/sessions")
            #expect(ended.json?["ended"] == 1)
            #expect(try await Self.refusal(api, "/v1/session", session) == "401 session_ended")
            #expect(try await api.send("DELETE", "\(path)/sessions").json?["ended"] == 0)
            // The token is as good as before.
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: bob).status == 200)
        }
    }

    @Test("a suspended user gets in by no way, and does again when resumed; the audit log has who did it")
    func suspension() async throws {
        try await APIFixture.run { api in
            let bob = try Self.bearer(api, "bob", .operator, id: "b1")
            let session = try Self.cookie(try await Self.signIn(api, bob))
            func status(_ fields: HTTPFields) async throws -> Int {
                try await api.send("GET", "/v1/runs", as: nil, fields: fields).status
            }
            #expect(try await status(bob) == 200)
            #expect(try await status(session) == 200)
            #expect(try await api.send("POST", "/v1/users/bob/suspend").status == 204)
            #expect(try await Self.refusal(api, "/v1/runs", bob) == "403 user_suspended")
            #expect(try await status(session) == 401)
            // A token that nobody has seen yet does not help either.
            let second = try Self.bearer(api, "bob", .operator, id: "b2")
            #expect(try await Self.refusal(api, "/v1/runs", second) == "403 user_suspended")
            let user = try await api.send("GET", "/v1/users/bob").json?["user"]
            #expect(user?["suspended_by"] == "ada" && user?["sessions"] == 0)

            #expect(try await api.send("POST", "/v1/users/bob/resume").status == 204)
            #expect(try await status(bob) == 200)
            #expect(try await status(session) == 401, "its session has ended for good")
            #expect(try await Self.signIn(api, bob).status == 200)
            let audit = try await api.send("GET", "/v1/audit", as: .admin)
            let deeds = audit.json?["records"]?.arrayValue?.filter { $0["action"] == "user.change" } ?? []
            #expect(deeds.count == 2 && deeds.allSatisfy { $0["actor"] == "ada" }, "\(audit.text)")
        }
    }

    @Test("somebody who has never come can be suspended; nobody suspends themselves, or who is above them")
    func limits() async throws {
        try await APIFixture.run { api in
            #expect(try await api.send("POST", "/v1/users/mallory/suspend").status == 204)
            let mallory = try Self.bearer(api, "mallory", .admin, id: "m")
            #expect(try await Self.refusal(api, "/v1/runs", mallory) == "403 user_suspended")
            let own = try await api.send("POST", "/v1/users/ada/suspend")
            #expect(own.status == 409 && own.json?["code"] == "own_user")
            for role in [Role.viewer, .operator, .developer] {
                #expect(try await api.send("POST", "/v1/users/bob/suspend", as: role).status == 403)
            }
            let root = try Self.bearer(api, "root", .platformAdmin, id: "r")
            let session = try Self.cookie(try await Self.signIn(api, root))
            #expect(try await api.send("POST", "/v1/users/root/suspend").status == 403)
            #expect(try await api.send("DELETE", "/v1/users/root/sessions").status == 403)
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: session).status == 200)
            #expect(try await api.send("POST", "/v1/users/root/suspend", as: .platformAdmin).status == 204)
        }
    }
}
