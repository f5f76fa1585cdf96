import Access
import Audit
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@testable import API

@Suite("The audit log", .serialized, .timeLimit(.minutes(5)))
struct AuditTests {
    /// Something that somebody does, and the record that it leaves: newest first.
    private struct Deed {
        var method = "POST"
        var path: String
        var role = Role.admin
        var body: String?
        var action: String
        var name: String?
        var after: String?
    }

    private static func records(
        _ api: APIFixture, _ query: String = "", tenant: String = "acme"
    ) async throws -> [JSONValue] {
        try await api.send("GET", "/v1/audit?\(query)", tenant: tenant).json?["records"]?.arrayValue ?? []
    }

    @Test("every control action leaves a record: who, from where, what, before and after, request and trace")
    func deeds() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#).json?["id"]?.stringValue ?? ""
            let key = try await api.send("POST", "/v1/keys", json: #"{"name":"k","roles":["viewer"]}"#)
            let id = try #require(key.json?["id"]?.stringValue)
            let grant = #"{"subject":"bob","role":"viewer","kind":"queue","name":"q"}"#
            let deeds = [
                Deed(
                    path: "/v1/workflows", body: TestDefinitions.source("f", steps: ["b"]), action: "workflow.apply",
                    name: "f", after: #""version":2"#),
                Deed(
                    method: "DELETE", path: "/v1/keys/\(id)", action: "key.change", name: id,
                    after: #""revoked_by":"ada""#),
                Deed(method: "DELETE", path: "/v1/tokens/t9", action: "token.revoke", name: "t9"),
                Deed(
                    method: "PUT", path: "/v1/roles/r", body: #"{"permissions":["runs:read"]}"#, action: "role.create",
                    name: "r"),
                Deed(method: "DELETE", path: "/v1/roles/r", action: "role.delete", name: "r"),
                Deed(path: "/v1/grants", body: grant, action: "grant.create", name: "bob viewer queue q"),
                Deed(path: "/v1/grants/remove", body: grant, action: "grant.delete", name: "bob viewer queue q"),
                Deed(
                    method: "PUT", path: "/v1/secrets/s", body: #"{"value":"hush-hush"}"#, action: "secret.create",
                    name: "s"),
                Deed(method: "DELETE", path: "/v1/secrets/s", action: "secret.delete", name: "s"),
                Deed(path: "/v1/secrets/rotate", action: "secrets:write"),
                Deed(
                    method: "PUT", path: "/v1/queues/q", body: #"{"weight":3}"#, action: "queue.change", name: "q",
                    after: #""weight":3"#),
                Deed(path: "/v1/queues/q/pause", action: "queue.change", name: "q", after: #""paused":true"#),
                Deed(path: "/v1/queues/q/resume", action: "queue.change", name: "q", after: #""paused":false"#),
                Deed(path: "/v1/runs/\(run)/pause", action: "run.pause", name: run, after: #""state":"paused""#),
                Deed(path: "/v1/runs/\(run)/resume", action: "run.resume", name: run),
                Deed(
                    path: "/v1/runs/\(run)/signals/go", body: #"{"payload":"hush-hush"}"#, action: "run.signal",
                    name: run, after: #""signal":"go""#),
                Deed(
                    path: "/v1/runs/\(run)/cancel", body: #"{"reason":"enough"}"#, action: "run.cancel", name: run,
                    after: #""reason":"enough""#),
                Deed(
                    method: "PUT", path: "/v1/limits/runs/shelf", body: #"{"slots":7}"#, action: "limit.create",
                    name: "shelf", after: #""slots":7"#),
                Deed(
                    method: "PUT", path: "/v1/breakers/noop", body: #"{"failures":3}"#, action: "breaker.create",
                    name: "noop", after: #""failures":3"#),
                Deed(path: "/v1/session/codes", action: "sessions:create"),
                Deed(
                    method: "PUT", path: "/v1/tenants/acme/quotas", role: .platformAdmin,
                    body: #"{"limits":{"workers":50}}"#,
                    action: "quota.set", after: #""workers":50"#),
            ]
            for deed in deeds {
                let answer = try await api.send(
                    deed.method, deed.path, as: deed.role, json: deed.body,
                    fields: ["x-request-id": "req-7", "user-agent": "tester/1"])
                #expect((200..<300).contains(answer.status), "\(deed.path): \(answer.text)")
                let record = try #require(try await Self.records(api, "page_size=1").first)
                #expect(record["action"]?.stringValue == deed.action, "\(deed.path)")
                if let name = deed.name { #expect(record["name"]?.stringValue == name, "\(deed.path)") }
                if let after = deed.after {
                    #expect(record["after"]?.text().contains(after) == true, "\(record.text())")
                }
                #expect(record["actor"] == "ada" && record["actor_kind"] == "token" && record["actor_tenant"] == "acme")
                #expect(record["request_id"] == "req-7" && record["agent"] == "tester/1" && record["outcome"] == "done")
                #expect(record["address"]?.stringValue?.hasPrefix("127.0.0.1") == true)
                #expect(record["trace_id"]?.stringValue?.count == 32 && record["operation"] != nil)
            }
            // Values and payloads stay out, and the list is the tenant's own.
            let all = try await api.send("GET", "/v1/audit?page_size=500").text
            #expect(!all.contains("hush-hush"))
            let started = try await Self.records(api, "operation=startRun")
            #expect(started.isEmpty)
            let other = try await Self.records(api, tenant: "other")
            #expect(other.allSatisfy { $0["action"] == "tenant.create" })
        }
    }

    @Test("gRPC: applying and cancelling leave records, too")
    func grpc() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#).json?["id"]?.stringValue ?? ""
            let channel = try api.channel(.admin)
            _ = try await channel.unary(BeamlineV1.RunService.cancelRun, .init(runID: run, reason: "r"))
            _ = try await channel.unary(
                BeamlineV1.WorkflowService.applyWorkflow,
                .init(source: Array(TestDefinitions.source("g", steps: ["a"]).utf8)))
            await channel.close()
            let found = try await Self.records(api, "page_size=2")
            #expect(found.map { $0["action"] } == ["workflow.apply", "run.cancel"])
            #expect(found[1]["operation"] == "/beamline.v1.RunService/CancelRun")
        }
    }

    @Test("what was refused is recorded once a second, with how often; a caller's own mistakes are not")
    func refusals() async throws {
        try await APIFixture.run { api in
            for _ in 0..<5 {
                #expect(try await api.send("PUT", "/v1/roles/r", as: .viewer, json: "{}").status == 403)
            }
            #expect(try await api.send("GET", "/v1/keys", as: .viewer).status == 403)
            #expect(try await api.send("PUT", "/v1/roles/r", json: "{}").status == 400)
            // Nobody hands out what they do not have: refused by the operation itself.
            let own = #"{"permissions":["tenants:manage"]}"#
            #expect(try await api.send("PUT", "/v1/roles/top", json: own).status == 403)
            var found: [JSONValue] = []
            while found.reduce(0, { $0 + ($1["times"]?.intValue ?? 0) }) < 7 {
                found = try await Self.records(api, "outcome=refused")
            }
            func times(_ operation: String, _ name: String?) -> Int64 {
                found.filter { $0["operation"]?.stringValue == operation && $0["name"]?.stringValue == name }
                    .reduce(0) { $0 + ($1["times"]?.intValue ?? 0) }
            }
            #expect(times("putRole", "r") == 5 && times("listKeys", nil) == 1 && times("putRole", "top") == 1)
            #expect(found.count < 7 && found.allSatisfy { $0["actor"] == "ada" })
        }
    }

    @Test("filters, pages, another tenant's log for who looks after all, and parameters that are none")
    func lists() async throws {
        try await APIFixture.run { api in
            for name in ["a", "b", "c"] { _ = try await api.send("PUT", "/v1/queues/\(name)", json: #"{"weight":3}"#) }
            _ = try await api.send("PUT", "/v1/roles/r", json: #"{"permissions":["runs:read"]}"#)
            _ = try await api.send("POST", "/v1/tenants/other/suspend", as: .platformAdmin)
            let queues = try await Self.records(api, "action=queue.*")
            #expect(queues.compactMap { $0["name"]?.stringValue } == ["c", "b", "a"])
            #expect(try await Self.records(api, "action=queue.change&name=b").count == 1)
            #expect(try await Self.records(api, "operation=putRole&since=1h&until=0s").count == 1)
            #expect(try await Self.records(api, "until=1h").isEmpty)
            #expect(try await Self.records(api, "since=2999-01-01T00:00:00Z").isEmpty)
            #expect(try await Self.records(api, "actor=nobody").isEmpty)
            let first = try await api.send("GET", "/v1/audit?action=queue.*&page_size=2")
            let cursor = try #require(first.json?["next_cursor"]?.stringValue)
            let second = try await api.send("GET", "/v1/audit?action=queue.*&page_size=2&cursor=\(cursor)")
            #expect(second.json?["records"]?.arrayValue?.count == 1 && second.json?["next_cursor"] == nil)
            let theirs = try await api.send("GET", "/v1/audit?tenant=other&page_size=1", as: .platformAdmin)
            #expect(theirs.json?["records"]?[0]?["operation"] == "suspendTenant")
            #expect(theirs.json?["records"]?[0]?["actor_tenant"] == "acme")
            #expect(try await api.send("GET", "/v1/audit?tenant=other").status == 403)
            #expect(try await api.send("GET", "/v1/audit?tenant=ghost", as: .platformAdmin).status == 404)
            for query in ["outcome=x", "since=x", "cursor=x", "who=x", "actor="] {
                #expect(try await api.send("GET", "/v1/audit?\(query)").status == 400, "\(query)")
            }
        }
    }
}
