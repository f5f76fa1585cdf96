import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@Suite("REST", .timeLimit(.minutes(5)))
struct RestTests {
    @Test("a run from its definition to its output, on a worker's stream; every answer fits openapi.yaml")
    func wholeRun() async throws {
        try await APIFixture.run { api in
            let applied = try await api.send(
                "POST", "/v1/workflows", as: .developer, json: TestDefinitions.source("team/etl", steps: ["a", "b"]))
            #expect(applied.status == 201 && applied.json?["version"] == 1)
            let again = try await api.send(
                "POST", "/v1/workflows", as: .developer, json: TestDefinitions.source("team/etl", steps: ["a", "b"]))
            #expect(again.status == 200 && again.json?["changed"] == false)

            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await worker.complete() }
                let started = try await api.send(
                    "POST", "/v1/runs?wait=30s", as: .operator,
                    json: #"{"workflow":"team/etl","input":{"path":"/x","big":9007199254740993}}"#,
                    fields: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
                #expect(started.status == 200 && started.json?["state"] == "succeeded")
                let id = try #require(started.json?["id"]?.stringValue)

                let run = try await api.send("GET", "/v1/runs/\(id)", as: .viewer)
                #expect(
                    run.json?["traceparent"]?.stringValue?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
                #expect(run.json?["input"]?["big"] == "9007199254740993")
                let steps = try #require(run.json?["steps"]?.arrayValue)
                #expect(steps.map { $0["state"] } == ["succeeded", "succeeded"])
                #expect(steps[1]["needs"] == ["a"] && steps[1]["output"]?["ok"] == true)
                let attempt = try #require(steps[0]["attempts"]?[0])
                #expect(attempt["state"] == "succeeded" && attempt["worker"] == "test-worker")
                #expect(attempt["enqueued_at"] != nil && attempt["leased_at"] != nil && attempt["ended_at"] != nil)

                let workers = try await api.send("GET", "/v1/workers", as: .viewer)
                #expect(workers.json?["workers"]?[0]?["pools"] == [["name": "io", "slots": 4]])
                #expect(workers.json?["workers"]?[0]?["labels"] == ["zone": "a"])
                let overview = try await api.send("GET", "/v1/overview?window=1h", as: .viewer)
                #expect(overview.json?["runs"]?["succeeded"] == 1)
                worker.call.cancel()
                try await group.waitForAll()

                let logs = try await api.send("GET", "/v1/runs/\(id)/logs", as: .viewer)
                #expect(
                    logs.json?["lines"]?.arrayValue?.compactMap { $0["text"]?.stringValue } == ["did a\n", "did b\n"])
                let first = try await api.send("GET", "/v1/runs/\(id)/logs?page_size=1", as: .viewer)
                #expect(first.json?["more"] == true)
                let cursor = try #require(first.json?["cursor"]?.stringValue)
                let second = try await api.send("GET", "/v1/runs/\(id)/logs?cursor=\(cursor)&step=b", as: .viewer)
                #expect(second.json?["lines"]?[0]?["step"] == "b" && second.json?["more"] == false)
            }
            await channel.close()
        }
    }

    @Test("an idempotency key starts one run; another body under it is a conflict")
    func idempotency() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let body = #"{"workflow":"f","input":{"n":1}}"#
            let first = try await api.send("POST", "/v1/runs", json: body, fields: ["idempotency-key": "k"])
            #expect(first.status == 201)
            #expect(first.fields["location"] == "/v1/runs/\(first.json?["id"]?.stringValue ?? "")")
            let second = try await api.send("POST", "/v1/runs", json: body, fields: ["idempotency-key": "k"])
            #expect(second.status == 200 && second.json?["id"] == first.json?["id"])
            let other = try await api.send(
                "POST", "/v1/runs", json: #"{"workflow":"f","input":{"n":2}}"#, fields: ["idempotency-key": "k"])
            #expect(other.status == 409 && other.json?["code"] == "idempotency_key_reused")
            let third = try await api.send(
                "POST", "/v1/runs", tenant: "acme", json: body,
                fields: ["idempotency-key": String(repeating: "k", count: 201)])
            #expect(third.status == 400 && third.json?["code"] == "invalid_idempotency_key")
        }
    }

    @Test("lists in pages, by state and workflow")
    func lists() async throws {
        try await APIFixture.run { api in
            for name in ["a/x", "b", "c"] { try await api.apply(name, steps: ["s"]) }
            var ids: [JSONValue] = []
            for index in 0..<5 {
                let run = try await api.send(
                    "POST", "/v1/runs", json: #"{"workflow":"\#(index < 4 ? "b" : "c")"}"#)
                ids.append(run.json?["id"] ?? .null)
            }
            var seen: [JSONValue] = []
            var path = "/v1/runs?page_size=2"
            while true {
                let page = try await api.send("GET", path)
                seen += page.json?["runs"]?.arrayValue?.compactMap { $0["id"] } ?? []
                guard let cursor = page.json?["next_cursor"]?.stringValue else { break }
                path = "/v1/runs?page_size=2&cursor=\(cursor)"
            }
            #expect(seen == ids.reversed())
            let ofC = try await api.send("GET", "/v1/runs?workflow=c&state=running,queued")
            #expect(ofC.json?["runs"]?.arrayValue?.count == 1)
            let ended = try await api.send("GET", "/v1/runs?state=failed")
            #expect(ended.json?["runs"] == [])
            let passing = try await api.send("GET", "/v1/runs?filter=workflow:b%20-state:failed%20since:1h&page_size=3")
            #expect(passing.json?["runs"]?.arrayValue?.compactMap { $0["id"] } == ids[1..<4].reversed())
            let cursor = passing.json?["next_cursor"]?.stringValue ?? ""
            let others = try await api.send("GET", "/v1/runs?filter=workflow:b&cursor=\(cursor)")
            #expect(others.json?["runs"]?.arrayValue?.compactMap { $0["id"] } == [ids[0]])
            #expect(others.json?["next_cursor"] == nil)

            let first = try await api.send("GET", "/v1/workflows?page_size=2")
            #expect(first.json?["workflows"]?.arrayValue?.compactMap { $0["name"] } == ["a/x", "b"])
            let rest = try await api.send(
                "GET", "/v1/workflows?cursor=\(first.json?["next_cursor"]?.stringValue ?? "")")
            #expect(rest.json?["workflows"]?.arrayValue?.compactMap { $0["name"] } == ["c"])
        }
    }

    @Test("a definition's versions, and its tag")
    func definitions() async throws {
        try await APIFixture.run { api in
            try await api.apply("team/etl", steps: ["a"])
            try await api.apply("team/etl", steps: ["a", "b"])
            let newest = try await api.send("GET", "/v1/workflows/team%2Fetl")
            #expect(newest.json?["version"] == 2 && newest.json?["steps"]?[1]?["needs"] == ["a"])
            let tag = try #require(newest.fields["etag"])
            let same = try await api.send(
                "GET", "/v1/workflows/team%2Fetl", fields: ["if-none-match": "W/\"x\", \(tag)"])
            #expect(same.status == 304 && same.text.isEmpty)
            let old = try await api.send("GET", "/v1/workflows/team%2Fetl?version=1", fields: ["if-none-match": tag])
            #expect(old.status == 200 && old.json?["version"] == 1)
            let versions = try await api.send("GET", "/v1/workflows/team%2Fetl/versions")
            #expect(versions.json?["versions"]?.arrayValue?.compactMap { $0["version"] } == [2, 1])
            #expect(try await api.send("GET", "/v1/workflows/team%2Fetl?version=9").status == 404)

            let invalid = try await api.send("POST", "/v1/workflows?file=x.yaml", json: "{}")
            #expect(invalid.status == 422 && invalid.json?["code"] == "invalid_definition")
            #expect(invalid.json?["diagnostics"]?[0]?["path"] == "x.yaml")
            #expect(invalid.json?["rendered"]?.stringValue?.contains("nothing applied") == true)
            let checked = try await api.send("POST", "/v1/workflows/validate", as: .viewer, json: "{}")
            #expect(checked.status == 200 && checked.json?["valid"] == false)
        }
    }

    @Test("cancelling, twice, and what is not there")
    func cancelling() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a", "b"])
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
            let id = run.json?["id"]?.stringValue ?? ""
            let cancelled = try await api.send(
                "POST", "/v1/runs/\(id)/cancel", as: .operator, json: #"{"reason":"no more"}"#)
            #expect(cancelled.status == 200 && cancelled.json?["state"] == "cancelled")
            let again = try await api.send("POST", "/v1/runs/\(id)/cancel", as: .operator)
            #expect(again.status == 200 && again.json?["state"] == "cancelled")
            let unknown = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
            #expect(try await api.send("POST", "/v1/runs/\(unknown)/cancel").status == 404)
            #expect(try await api.send("GET", "/v1/runs/\(unknown)").json?["code"] == "run_not_found")
            #expect(try await api.send("GET", "/v1/runs/\(unknown)/logs").status == 404)
            #expect(try await api.send("GET", "/v1/runs/nonsense").json?["code"] == "invalid_run_id")
            #expect(try await api.send("POST", "/v1/runs", json: #"{"workflow":"g"}"#).status == 404)
            #expect(try await api.send("GET", "/v1/runs/\(id)/logs?step=zzz").json?["code"] == "step_not_found")
        }
    }

    @Test("wait answers with the run as it is when the time is over")
    func waiting() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let run = try await api.send("POST", "/v1/runs?wait=50ms", json: #"{"workflow":"f"}"#)
            #expect(run.status == 200 && run.json?["state"] == "running")
        }
    }

    @Test("a filter that cannot be read is refused with its places and what was meant")
    func badFilter() async throws {
        try await APIFixture.run { api in
            let answer = try await api.send("GET", "/v1/runs?filter=state:faild%20-stat:x")
            #expect(answer.status == 400 && answer.json?["code"] == "invalid_filter")
            #expect(
                answer.json?["detail"]
                    == #"The filter is wrong at character 7: there is no state "faild"; did you mean "failed"? (and 1 more)"#
            )
            let found = answer.json?["diagnostics"]?.arrayValue ?? []
            #expect(found.map { $0["column"]?.intValue } == [7, 14])
            #expect(found.map { $0["hint"]?.stringValue } == ["did you mean \"failed\"?", "did you mean \"state\"?"])
            #expect(
                answer.json?["rendered"]?.stringValue?.hasPrefix("  state:faild -stat:x\n        ^~~~~ there is")
                    == true)
        }
    }

    @Test("bad bodies, types, parameters, paths: each has its code")
    func badInput() async throws {
        try await APIFixture.run { api in
            let cases: [(String, String, String?, Int, String)] = [
                ("POST", "/v1/runs", "{", 400, "malformed_json"),
                ("POST", "/v1/runs", "[]", 400, "invalid_body"),
                ("POST", "/v1/runs", #"{"workflow":1}"#, 400, "invalid_body"),
                ("POST", "/v1/runs", #"{"workflow":"f","extra":1}"#, 400, "unknown_field"),
                ("POST", "/v1/runs", #"{"workflow":"f","workflow":"g"}"#, 400, "malformed_json"),
                ("POST", "/v1/runs", #"{"workflow":"a\u0000b"}"#, 400, "malformed_json"),
                ("POST", "/v1/runs", #"{"workflow":"f","input":[]}"#, 422, "invalid_input"),
                ("POST", "/v1/runs", #"{"workflow":"f","version":0}"#, 400, "invalid_body"),
                ("POST", "/v1/runs?wait=2h", #"{"workflow":"f"}"#, 400, "invalid_parameter"),
                ("GET", "/v1/runs?stat=failed", nil, 400, "unknown_parameter"),
                ("GET", "/v1/runs?state=broken", nil, 400, "invalid_parameter"),
                ("GET", "/v1/runs?filter=duration:soon", nil, 400, "invalid_filter"),
                ("GET", "/v1/runs?cursor=zzz", nil, 400, "invalid_cursor"),
                ("GET", "/v1/runs?page_size=0", nil, 400, "invalid_parameter"),
                ("GET", "/v1/overview?window=1y", nil, 400, "invalid_parameter"),
                ("GET", "/v1/events?run=x", nil, 400, "invalid_run_id"),
                ("GET", "/v1/nothing", nil, 404, "not_found"),
                ("PUT", "/v1/runs", nil, 405, "method_not_allowed"),
                ("GET", "/v1/runs/%zz", nil, 400, "malformed_path"),
            ]
            for (method, path, body, status, code) in cases {
                let answer = try await api.send(method, path, json: body)
                #expect(answer.status == status, "\(method) \(path) \(body ?? "")")
                #expect(answer.json?["code"] == .string(code), "\(method) \(path) \(body ?? "") \(answer.text)")
                #expect(answer.json?["request_id"]?.stringValue == answer.fields["x-request-id"])
                #expect(answer.json?["detail"]?.stringValue?.isEmpty == false)
            }
            let typed = try await api.send("POST", "/v1/runs", json: "a: b", fields: ["content-type": "text/plain"])
            #expect(typed.status == 415)
            let large = try await api.send(
                "POST", "/v1/runs",
                json: #"{"workflow":"f","input":{"x":"\#(String(repeating: "x", count: 1_100_000))"}}"#)
            #expect(large.status == 413 && large.json?["code"] == "payload_too_large")
            let invalidUTF8 = try await api.send("GET", "/v1/workflows/%ff%fe")
            #expect(invalidUTF8.status == 400)
            let allowed = try await api.send("DELETE", "/v1/runs")
            #expect(allowed.fields["allow"] == "GET, POST")
        }
    }

    @Test("the caller's request id comes back if it is sane")
    func requestIDs() async throws {
        try await APIFixture.run { api in
            let given = try await api.send("GET", "/healthz", as: nil, fields: ["x-request-id": "abc-123"])
            #expect(given.fields["x-request-id"] == "abc-123")
            let odd = try await api.send("GET", "/healthz", as: nil, fields: ["x-request-id": "a b<script>"])
            #expect(odd.fields["x-request-id"] != "a b<script>")
            let made = try await api.send("GET", "/healthz", as: nil)
            #expect(made.fields["x-request-id"]?.isEmpty == false)
            #expect(made.fields["x-request-id"] != odd.fields["x-request-id"])
        }
    }

    @Test("health, readiness, metrics and the tree")
    func system() async throws {
        try await APIFixture.run { api in
            #expect(try await api.send("GET", "/healthz", as: nil).json?["status"] == "ok")
            #expect(try await api.send("GET", "/readyz", as: nil).status == 200)
            api.ready.value = false
            let away = try await api.send("GET", "/readyz", as: nil)
            #expect(away.status == 503 && away.json?["checks"]?[0]?["detail"] == "away")
            let metrics = try await api.send("GET", "/metrics", as: .operator)
            #expect(metrics.text.contains(#"beamline_api_requests_total{operation="getHealth",class="2xx"} 1"#))
            #expect(metrics.text.contains("# TYPE beamline_api_request_seconds histogram"))
            let tree = try await api.send("GET", "/v1/system/tree")
            #expect(tree.json?["children"]?.arrayValue?.contains { $0["name"] == "dispatcher" } == true)
        }
    }
}
