import Access
import HTTP
import JSON
import Testing

@Suite("REST: bulk jobs", .timeLimit(.minutes(5)))
struct BulkTests {
    private static let source = """
        {"name": "ask", "steps": [{"id": "hold", "uses": "wait", "with": {"signal": "go"}},
          {"id": "ok", "uses": "approval", "with": {}}], "output": "${{ steps.ok.output }}"}
        """

    private func start(_ api: APIFixture, _ count: Int) async throws -> [String] {
        #expect([200, 201].contains(try await api.send("POST", "/v1/workflows", json: Self.source).status))
        var runs: [String] = []
        for _ in 0..<count {
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"ask"}"#)
            runs.append(try #require(run.json?["id"]?.stringValue))
        }
        return runs
    }

    /// Starts a job and waits for its end.
    private func run(_ api: APIFixture, _ body: String) async throws -> JSONValue {
        let created = try await api.send("POST", "/v1/bulk", as: .operator, json: body)
        #expect(created.status == 201, "\(created.text)")
        let path = "/v1/bulk/\(created.json?["id"]?.stringValue ?? "")"
        #expect(created.fields["location"] == path)
        while true {
            let job = try #require(try await api.send("GET", path, as: .viewer).json)
            if job["state"] != "running" { return job }
            await Task.yield()
        }
    }

    @Test("a dry run counts; the job does it to those that matched when it was made, and tells of each")
    func whole() async throws {
        try await APIFixture.run { api in
            let runs = try await start(api, 5)
            let dry = try await api.send(
                "POST", "/v1/bulk", as: .operator, json: #"{"action":"pause","filter":"workflow:ask","dry_run":true}"#)
            #expect(dry.status == 200 && dry.json?["matches"] == 5 && dry.json?["sample"]?.arrayValue?.count == 5)
            #expect(try await api.send("GET", "/v1/bulk").json?["jobs"] == [])
            let changed = try await api.send(
                "POST", "/v1/bulk", json: #"{"action":"pause","filter":"workflow:ask","expected":4}"#)
            #expect(changed.status == 409 && changed.json?["code"] == "matches_changed")

            let paused = try await run(api, #"{"action":"pause","filter":"workflow:ask","expected":5,"rate":1000}"#)
            let record = try await api.send("GET", "/v1/audit?action=bulk.create").json?["records"]?[0]
            #expect(record?["name"] == paused["id"] && record?["after"]?["total"] == 5)
            #expect(paused["done"] == 5 && paused["total"] == 5 && paused["asked_by"] == "ada")
            #expect(try await api.send("GET", "/v1/runs?state=paused").json?["runs"]?.arrayValue?.count == 5)
            let resumed = try await run(api, #"{"action":"resume","filter":"state:paused"}"#)
            #expect(resumed["done"] == 5)

            for id in runs {
                let reject = #"{"decision":"reject"}"#
                #expect(try await api.send("POST", "/v1/runs/\(id)/approvals/ok", json: reject).status == 200)
                #expect(try await api.send("POST", "/v1/runs/\(id)/signals/go").status == 200)
            }
            #expect(try await api.send("GET", "/v1/runs?state=failed").json?["runs"]?.arrayValue?.count == 5)
            let redriven = try await run(api, #"{"action":"redrive","filter":"step:ok state:open"}"#)
            #expect(redriven["done"] == 5 && redriven["max_replays"] == 10)
            let cancelled = try await run(
                api, #"{"action":"cancel","filter":"workflow:ask state:running","reason":"enough"}"#)
            #expect(cancelled["done"] == 5)
            #expect(
                try await api.send("GET", "/v1/runs/\(runs[0])").json?["error"]?["message"] == "enough")
            let again = try await run(api, #"{"action":"rerun","filter":"state:cancelled"}"#)
            #expect(again["done"] == 5)
            let path = "/v1/bulk/\(again["id"]?.stringValue ?? "")"
            let page = try await api.send("GET", "\(path)/runs?outcome=done&page_size=3")
            let cursor = try #require(page.json?["next_cursor"]?.stringValue)
            let rest = try await api.send("GET", "\(path)/runs?outcome=done&page_size=3&cursor=\(cursor)")
            let all = (page.json?["runs"]?.arrayValue ?? []) + (rest.json?["runs"]?.arrayValue ?? [])
            #expect(Set(all.compactMap { $0["run"]?.stringValue }) == Set(runs))
            #expect(Set(all.compactMap { $0["new_run"]?.stringValue }).count == 5)
            let ended = try await api.send("POST", "\(path)/cancel")
            #expect(ended.json?["state"] == "done", "what has ended stays as it is")
            #expect(try await api.send("GET", "/v1/bulk?page_size=2").json?["jobs"]?.arrayValue?.count == 2)
        }
    }

    @Test("what is refused, and to whom")
    func refusals() async throws {
        try await APIFixture.run { api in
            let body = #"{"action":"cancel","filter":"state:running"}"#
            #expect(try await api.send("POST", "/v1/bulk", as: .viewer, json: body).status == 403)
            for body in [
                #"{"action":"explode","filter":"a"}"#, #"{"action":"cancel"}"#, #"{"action":"cancel","filter":" "}"#,
                #"{"action":"cancel","filter":"a","rate":0}"#, #"{"action":"cancel","filter":"a","dry_run":1}"#,
            ] {
                #expect(try await api.send("POST", "/v1/bulk", json: body).json?["code"] == "invalid_body", "\(body)")
            }
            let filter = try await api.send("POST", "/v1/bulk", json: #"{"action":"redrive","filter":"label.x:1"}"#)
            #expect(filter.json?["code"] == "invalid_filter")
            #expect(try await api.send("GET", "/v1/bulk/00000000000000000000000001").json?["code"] == "job_not_found")
            let job = try await run(api, #"{"action":"cancel","filter":"workflow:none"}"#)
            let path = "/v1/bulk/\(job["id"]?.stringValue ?? "")"
            #expect(job["total"] == 0 && job["state"] == "done")
            #expect(try await api.send("GET", path, tenant: "other").status == 404)
            #expect(try await api.send("POST", "\(path)/cancel", as: .viewer).status == 403)
            #expect(try await api.send("GET", "\(path)/runs?outcome=maybe").json?["code"] == "invalid_parameter")
        }
    }
}
