import Access
import GRPC
import HTTP
import JSON
import NIOCore
import Protobuf
import Testing

@testable import API

@Suite("API keys", .serialized, .timeLimit(.minutes(5)))
struct KeyTests {
    private static func make(
        _ api: APIFixture, _ body: String = #"{"name":"ci","roles":["admin"]}"#
    ) async throws -> (id: String, text: String) {
        let made = try await api.send("POST", "/v1/keys", json: body)
        return (try #require(made.json?["id"]?.stringValue), try #require(made.json?["key"]?.stringValue))
    }

    private static func answer(_ api: APIFixture, _ bearer: String, _ path: String = "/v1/runs") async throws -> String
    {
        let answer = try await api.send("GET", path, as: nil, fields: ["authorization": "Bearer \(bearer)"])
        return "\(answer.status) \(answer.json?["code"]?.stringValue ?? "")"
    }

    @Test("shown once, stored as a digest, scoped, listed, revoked; each tenant has its own")
    func life() async throws {
        try await APIFixture.run { api in
            let (id, text) = try await Self.make(
                api,
                #"{"name":"ci","roles":["viewer"],"grants":[{"role":"operator","kind":"workflow","name":"deploy"}],"lifetime_seconds":3600}"#
            )
            #expect(text.hasPrefix(id) && text.count == 44)
            #expect(try await Self.answer(api, text) == "200 ")
            #expect(try await Self.answer(api, text, "/v1/keys") == "403 forbidden")
            let me = try await api.send("GET", "/v1/session", as: nil, fields: ["authorization": "Bearer \(text)"])
            #expect(me.json?["subject"] == .string("key:\(id)") && me.json?["tenant"] == "acme")
            #expect(me.json?["grants"]?[0]?["name"] == "deploy")
            // A key starts no session, which would outlive it.
            let code = try await api.send(
                "POST", "/v1/session/codes", as: nil, fields: ["authorization": "Bearer \(text)"])
            #expect(code.status == 403)

            let listed = try await api.send("GET", "/v1/keys")
            #expect(listed.json?["keys"]?.arrayValue?.count == 1)
            let key = listed.json?["keys"]?[0]
            #expect(key?["name"] == "ci" && key?["roles"] == ["viewer"] && key?["created_by"] == "ada")
            #expect(key?["key"] == nil && !listed.text.contains(text) && key?["expires_at"] != nil)
            #expect(key?["grants"]?[0]?["role"] == "operator")
            #expect(try await api.send("GET", "/v1/keys", tenant: "other").json?["keys"] == [])
            #expect(try await api.send("DELETE", "/v1/keys/\(id)", tenant: "other").status == 404)
            #expect(try await Self.answer(api, text) == "200 ")

            let revoked = try await api.send("DELETE", "/v1/keys/\(id)")
            #expect(revoked.status == 200 && revoked.json?["revoked_at"] != nil)
            while try await Self.answer(api, text) != "401 key_revoked" { await Task.yield() }
            let again = try await api.send("DELETE", "/v1/keys/\(id)")
            #expect(again.json?["revoked_at"] == revoked.json?["revoked_at"])
        }
    }

    @Test("when a key was last used is seen in the list")
    func lastUse() async throws {
        try await APIFixture.run { api in
            let (_, text) = try await Self.make(api)
            #expect(try await api.send("GET", "/v1/keys").json?["keys"]?[0]?["last_used_at"] == nil)
            #expect(try await Self.answer(api, text) == "200 ")
            while try await api.send("GET", "/v1/keys").json?["keys"]?[0]?["last_used_at"] == nil {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    @Test("bodies that are no key")
    func refused() async throws {
        let cases: [(body: String, status: Int)] = [
            ("{}", 400), (#"{"name":""}"#, 400), (#"{"name":"k"}"#, 422), (#"{"name":"k","roles":[]}"#, 422),
            (#"{"name":"k","roles":"admin"}"#, 400), (#"{"name":"k","roles":["A"]}"#, 400),
            (#"{"name":"k","roles":["viewer"],"lifetime_seconds":0}"#, 400),
            (#"{"name":"k","roles":["viewer"],"x":1}"#, 400),
            (#"{"name":"k","grants":[{"role":"viewer","kind":"run","name":"x"}]}"#, 400),
            (#"{"name":"k","grants":[{"role":"viewer","kind":"queue","name":""}]}"#, 400),
            (#"{"name":"k\u0000","roles":["viewer"]}"#, 400),
        ]
        try await APIFixture.run { api in
            for (body, status) in cases {
                let answer = try await api.send("POST", "/v1/keys", json: body)
                #expect(answer.status == status, "\(body)")
            }
        }
    }

    @Test("revoking a key ends its open streams: events, a watched run, a worker's; those of others go on")
    func streams() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let (id, text) = try await Self.make(api, #"{"name":"all","roles":["admin"]}"#)
            var mine = try await Self.events(api, text)
            var theirs = try await Self.events(api, try api.token(.viewer))
            let channel = api.channel(bearer: text)
            let worker = try await TestWorker.connect(channel)
            var responses = worker.call.responses.makeAsyncIterator()
            guard case .welcome? = try await responses.next()?.kind else {
                Issue.record("not welcomed")
                return
            }
            // A run that waits for ever, since nobody completes its step.
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#).json?["id"]?.stringValue ?? ""
            let watch = try await channel.serverStreaming(BeamlineV1.RunService.watchRun, .init(runID: run))
            var states = watch.responses.makeAsyncIterator()
            #expect(try await states.next()?.state == "running")
            let health = try await channel.serverStreaming(GRPCHealthV1.Health.watch, .init(service: ""))
            var statuses = health.responses.makeAsyncIterator()
            #expect(try await statuses.next()?.status == .serving)
            let questions = try await channel.bidirectional(GRPCReflectionV1.ServerReflection.serverReflectionInfo)
            try await questions.send(.init(host: "", messageRequest: .listServices("")))
            var answers = questions.responses.makeAsyncIterator()
            #expect(try await answers.next() != nil)

            #expect(try await api.send("DELETE", "/v1/keys/\(id)").status == 200)
            while try await mine.next() != nil {}
            var reconnect: String?
            while let message = try await responses.next() {
                if case .reconnect(let told)? = message.kind { reconnect = told.reason }
            }
            #expect(reconnect?.contains("token or key") == true)
            let ended = await #expect(throws: GRPCStatus.self) { while try await states.next() != nil {} }
            #expect(ended?.code == .unauthenticated && ended?.reason == "access_changed")
            let unwatched = await #expect(throws: GRPCStatus.self) { while try await statuses.next() != nil {} }
            #expect(unwatched?.code == .unauthenticated)
            let unanswered = await #expect(throws: GRPCStatus.self) { while try await answers.next() != nil {} }
            #expect(unanswered?.code == .unauthenticated)
            _ = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
            var heard = ""
            while !heard.contains("event: run") {
                guard let more = try await theirs.next() else { break }
                heard += String(buffer: more)
            }
            #expect(heard.contains("event: run"))
            await channel.close()
        }
    }

    @Test("a change of role, a revoked token and a suspended tenant end streams, too; so does a token's own end")
    func otherEnds() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/roles/watcher", json: #"{"permissions":["events:read"]}"#)
            func token(_ id: String, tenant: String = "acme", lifetime: Int64 = 600) throws -> String {
                try api.minter.mint(
                    subject: id, tenant: tenant, roles: tenant == "acme" ? [] : [.viewer], customRoles: ["watcher"],
                    lifetime: lifetime, now: APIFixture.now, id: id)
            }
            var short = try await Self.events(api, try token("short", lifetime: 2))
            while try await short.next() != nil {}
            var revoked = try await Self.events(api, try token("revoked"))
            _ = try await api.send("DELETE", "/v1/tokens/revoked")
            while try await revoked.next() != nil {}
            var changed = try await Self.events(api, try token("changed"))
            _ = try await api.send("PUT", "/v1/roles/watcher", json: #"{"permissions":["runs:read"]}"#)
            while try await changed.next() != nil {}
            var suspended = try await Self.events(api, try token("other", tenant: "other"))
            _ = try await api.send("POST", "/v1/tenants/other/suspend", as: .platformAdmin)
            while try await suspended.next() != nil {}
        }
    }

    /// An open stream of events; dropped, it would be cancelled.
    private struct Events {
        let stream: HTTPClientStream
        var body: HTTPBody.AsyncIterator

        mutating func next() async throws -> ByteBuffer? { try await body.next() }
    }

    private static func events(_ api: APIFixture, _ bearer: String) async throws -> Events {
        let stream = api.connection.request(
            HTTPClientRequest(method: "GET", path: "/v1/events", fields: ["authorization": "Bearer \(bearer)"]))
        #expect(try await stream.response().status == 200)
        return Events(stream: stream, body: stream.body.makeAsyncIterator())
    }
}
