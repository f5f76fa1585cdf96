import Access
import HTTP
import JSON
import Testing

@Suite("REST: signals, pauses and approvals", .timeLimit(.minutes(5)))
struct ApprovalTests {
    private static let source = """
        {"name": "release", "steps": [
          {"id": "hold", "uses": "wait", "with": {"signal": "go"}},
          {"id": "ok", "uses": "approval", "needs": ["hold"], "with": {
            "roles": ["approver"], "quorum": 2, "message": "Ship ${{ steps.hold.output.version }}?",
            "form": {"type": "object", "properties": {"note": {"type": "string"}}}}}
        ], "output": "${{ steps.ok.output.decision }}"}
        """

    private func start(_ api: APIFixture) async throws -> String {
        #expect([200, 201].contains(try await api.send("POST", "/v1/workflows", json: Self.source).status))
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"release"}"#)
        return "/v1/runs/\(try #require(run.json?["id"]?.stringValue))"
    }

    @Test("a run waits for a signal, then for two people")
    func release() async throws {
        try await APIFixture.run { api in
            let run = try await start(api)
            #expect(try await api.send("GET", "/v1/approvals", as: .viewer).json?["approvals"] == [])
            let waits = try await api.send("GET", "\(run)/explain")
            #expect(waits.json?["waits"]?[0]?["reason"] == "outside")

            #expect(try await api.send("POST", "\(run)/pause").json?["state"] == "paused")
            let twice = try await api.send("POST", "\(run)/pause")
            #expect(twice.status == 409 && twice.json?["code"] == "conflict")
            #expect(try await api.send("POST", "\(run)/resume").json?["state"] == "running")

            let body = #"{"payload":{"version":"1.2"}}"#
            for _ in 0..<2 {
                let sent = try await api.send(
                    "POST", "\(run)/signals/go", json: body, fields: ["idempotency-key": "one"])
                #expect(sent.status == 200, "a signal of a known key changes nothing")
            }
            let list = try await api.send("GET", "/v1/approvals", as: .viewer)
            let approval = try #require(list.json?["approvals"]?[0])
            #expect(approval["step"] == "ok" && approval["workflow"] == "release" && approval["quorum"] == 2)
            #expect(approval["message"] == "Ship 1.2?" && approval["roles"] == ["approver"])
            #expect(approval["form"]?["properties"]?["note"]?["type"] == "string")

            let decide = "\(run)/approvals/ok"
            let wrong = try await api.send(
                "POST", decide, as: .approver, json: #"{"decision":"approve","form":{"note":1}}"#)
            #expect(wrong.status == 422 && wrong.json?["code"] == "invalid_input")
            let first = try await api.send(
                "POST", decide, as: .approver, json: #"{"decision":"approve","comment":"fine","form":{"note":"x"}}"#)
            #expect(first.status == 200 && first.json?["state"] == "running")
            let again = try await api.send("POST", decide, as: .approver, json: #"{"decision":"approve"}"#)
            #expect(again.status == 409, "each person decides once")
            let half = try await api.send("GET", "/v1/approvals")
            #expect(half.json?["approvals"]?[0]?["decisions"]?[0]?["comment"] == "fine")

            let shown = try await api.send("GET", run)
            #expect(shown.json?["steps"]?[1]?["state"] == "waiting")
            let other = try await start(api)
            #expect(try await api.send("POST", "\(other)/signals/go", json: body).status == 200)
            let rejected = try await api.send(
                "POST", "\(other)/approvals/ok", as: .admin, json: #"{"decision":"reject","comment":"no"}"#)
            #expect(rejected.json?["state"] == "failed")
            #expect(try await api.send("GET", other).json?["error"]?["code"] == "rejected")
            let late = try await api.send("POST", "\(other)/approvals/ok", json: #"{"decision":"approve"}"#)
            #expect(late.status == 409 && late.json?["code"] == "run_ended")
        }
    }

    @Test("what is refused, and to whom")
    func refusals() async throws {
        try await APIFixture.run { api in
            let run = try await start(api)
            let decide = "\(run)/approvals/ok"
            #expect(try await api.send("POST", decide, as: .operator, json: #"{"decision":"approve"}"#).status == 403)
            #expect(try await api.send("POST", "\(run)/pause", as: .viewer).status == 403)
            #expect(try await api.send("POST", "\(run)/signals/go", as: .viewer).status == 403)
            for body in [#"{}"#, #"{"decision":"maybe"}"#, #"{"decision":"approve","comment":1}"#] {
                #expect(try await api.send("POST", decide, json: body).json?["code"] == "invalid_body")
            }
            let early = try await api.send("POST", decide, json: #"{"decision":"approve"}"#)
            #expect(early.status == 409, "it does not wait yet")
            let other = try await api.send("POST", "\(run)/approvals/hold", json: #"{"decision":"approve"}"#)
            #expect(other.status == 409 && other.json?["detail"]?.stringValue?.contains("no approval") == true)
            let missing = try await api.send("POST", "\(run)/approvals/none", json: #"{"decision":"approve"}"#)
            #expect(missing.status == 404 && missing.json?["code"] == "step_not_found")
            let running = try await api.send("POST", "\(run)/resume")
            #expect(running.status == 409, "it is not paused")
            let unknown = try await api.send("POST", "/v1/runs/00000000000000000000000001/signals/go")
            #expect(unknown.status == 404 && unknown.json?["code"] == "run_not_found")
            #expect(try await api.send("GET", "/v1/approvals?cursor=x").json?["code"] == "invalid_cursor")
            #expect(try await api.send("POST", "\(run)/pause", tenant: "other").status == 404)
        }
    }
}
