import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@Suite("REST: approvals that escalate and are handed on", .timeLimit(.minutes(5)))
struct EscalationTests {
    private static func start(_ api: APIFixture, _ with: String) async throws -> String {
        let source = #"{"name":"w","steps":[{"id":"ok","uses":"approval","with":{\#(with)}}]}"#
        #expect([200, 201].contains(try await api.send("POST", "/v1/workflows", json: source).status))
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"w"}"#)
        return try #require(run.json?["id"]?.stringValue)
    }

    /// Somebody with a key of their own.
    private static func person(_ api: APIFixture, _ name: String, role: String) async throws -> HTTPFields {
        let key = try await api.send("POST", "/v1/keys", json: #"{"name":"\#(name)","roles":["\#(role)"]}"#)
        return ["authorization": "Bearer \(try #require(key.json?["key"]?.stringValue))"]
    }

    @Test("a reminder, then more people; those of a run alone; then one of the new people decides")
    func escalation() async throws {
        try await APIFixture.run { api in
            _ = try await api.send(
                "PUT", "/v1/roles/boss", json: #"{"permissions":["approvals:decide","runs:read","workflows:read"]}"#)
            let boss = try await Self.person(api, "bo", role: "boss")
            let run = try await Self.start(
                api,
                #""roles":["approver"],"reminder":"300ms","timeout":"1h","on_timeout":"reject","escalation":{"after":"500ms","roles":["boss"]}"#
            )
            let other = try await Self.start(api, #""message":"else""#)
            // Each stage is a change of the run: watched, not polled.
            let channel = try api.channel(.admin)
            let watch = try await channel.serverStreaming(BeamlineV1.RunService.watchRun, .init(runID: run))
            var escalated: JSONValue?
            var stages: Set<String> = []
            for try await _ in watch.responses {
                let answer = try await api.send("GET", "/v1/approvals?run=\(run)", as: .viewer)
                let approval = try #require(answer.json?["approvals"]?[0])
                #expect(answer.json?["approvals"]?.arrayValue?.count == 1 && approval["run"]?.stringValue == run)
                stages.insert(approval["next"]?.stringValue ?? "")
                guard approval["escalated"] == true else { continue }
                escalated = approval
                break
            }
            await channel.close()
            #expect(escalated?["roles"] == ["approver", "boss"] && escalated?["on_timeout"] == "reject")
            #expect((escalated?["reminders"]?.intValue ?? 0) >= 1 && escalated?["expires_at"] != nil)
            #expect(stages.contains("reminder"))
            let decided = try await api.send(
                "POST", "/v1/runs/\(run)/approvals/ok", as: nil, json: #"{"decision":"approve"}"#, fields: boss)
            #expect(decided.status == 200)
            #expect(try await api.ended(run).state == "succeeded")
            #expect(try await api.send("GET", "/v1/approvals?run=\(run)").json?["approvals"] == [])
            let all = try await api.send("GET", "/v1/approvals").json?["approvals"]?.arrayValue
            #expect(all?.compactMap { $0["run"]?.stringValue } == [other])
            #expect(try await api.send("GET", "/v1/approvals?run=nonsense").json?["code"] == "invalid_run_id")
        }
    }

    @Test("whoever is handed an approval decides it without its roles; whoever hands it on no longer does")
    func delegation() async throws {
        try await APIFixture.run { api in
            _ = try await api.send(
                "PUT", "/v1/roles/decider", json: #"{"permissions":["approvals:decide","runs:read"]}"#)
            let bob = try await Self.person(api, "bob", role: "decider")
            let eve = try await Self.person(api, "eve", role: "decider")
            let run = try await Self.start(api, #""roles":["approver"]"#)
            let path = "/v1/runs/\(run)/approvals/ok"
            let early = try await api.send("POST", path, as: nil, json: #"{"decision":"approve"}"#, fields: bob)
            #expect(early.status == 403)
            #expect(
                try await api.send("POST", "\(path)/delegate", as: nil, json: #"{"to":"x"}"#, fields: eve).status == 403
            )
            #expect(try await api.send("POST", "\(path)/delegate", as: .viewer, json: #"{"to":"x"}"#).status == 403)
            for body in [#"{}"#, #"{"to":""}"#, #"{"to":1}"#, #"{"to":"x","comment":2}"#] {
                #expect(
                    try await api.send("POST", "\(path)/delegate", as: .approver, json: body).status == 400, "\(body)")
            }
            let subject = try #require(
                try await api.send("GET", "/v1/session", as: nil, fields: bob).json?["subject"]?.stringValue)
            let handed = try await api.send(
                "POST", "\(path)/delegate", as: .approver, json: #"{"to":"\#(subject)","comment":"on leave"}"#)
            #expect(handed.status == 200)
            let late = try await api.send("POST", path, as: .approver, json: #"{"decision":"approve"}"#)
            #expect(late.status == 409 && late.json?["code"] == "conflict")
            let shown = try await api.send("GET", "/v1/approvals?run=\(run)").json?["approvals"]?[0]
            #expect(shown?["decisions"]?[0]?["delegate"]?.stringValue == subject)
            #expect(shown?["decisions"]?[0]?["decision"] == "delegate")
            let decided = try await api.send("POST", path, as: nil, json: #"{"decision":"approve"}"#, fields: bob)
            #expect(decided.status == 200 && decided.json?["state"] == "succeeded")
            let twice = try await api.send("POST", path, json: #"{"decision":"delegate"}"#)
            #expect(twice.status == 400)
        }
    }
}
