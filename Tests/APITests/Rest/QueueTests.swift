import Access
import GRPC
import HTTP
import JSON
import Testing

@Suite("REST: queues and explain", .timeLimit(.minutes(5)))
struct QueueTests {
    @Test("a queue from its setting up to its end; versions guard every change")
    func queue() async throws {
        try await APIFixture.run { api in
            let made = try await api.send(
                "PUT", "/v1/queues/bulk", as: .developer,
                json: #"{"discipline":"priority","boost":"90s","weight":300,"concurrency":5}"#,
                fields: ["if-none-match": "*"])
            #expect(made.status == 201 && made.fields["etag"] == "\"\(made.json?["version"]?.intValue ?? 0)\"")
            #expect(made.json?["discipline"] == "priority" && made.json?["boost"] == "1m30s")
            #expect(made.json?["weight"] == 300 && made.json?["concurrency"] == 5 && made.json?["strict"] == false)
            #expect(made.json?["ready"] == 0 && made.json?["running"] == 0 && made.json?["held"] == 0)
            let twice = try await api.send("PUT", "/v1/queues/bulk", json: "{}", fields: ["if-none-match": "*"])
            #expect(twice.status == 412 && twice.json?["code"] == "queue_exists")

            let tag = try #require(made.fields["etag"])
            let changed = try await api.send(
                "PUT", "/v1/queues/bulk", json: #"{"strict":true}"#, fields: ["if-match": tag])
            #expect(changed.status == 200 && changed.json?["strict"] == true && changed.json?["discipline"] == "fifo")
            #expect(changed.json?["concurrency"] == nil)
            let late = try await api.send("PUT", "/v1/queues/bulk", json: "{}", fields: ["if-match": tag])
            #expect(late.status == 412 && late.json?["code"] == "version_mismatch")
            let lateStop = try await api.send("POST", "/v1/queues/bulk/pause", fields: ["if-match": tag])
            #expect(lateStop.status == 412)

            let paused = try await api.send("POST", "/v1/queues/bulk/pause", as: .operator)
            #expect(paused.json?["paused"] == true && paused.json?["draining"] == false)
            let drained = try await api.send(
                "POST", "/v1/queues/bulk/drain", fields: ["if-match": paused.fields["etag"] ?? ""])
            #expect(drained.json?["paused"] == true && drained.json?["draining"] == true)
            let resumed = try await api.send("POST", "/v1/queues/bulk/resume", fields: ["if-match": "*"])
            #expect(resumed.json?["paused"] == false && resumed.json?["draining"] == false)
            let shown = try await api.send("GET", "/v1/queues/bulk", as: .viewer)
            #expect(shown.json == resumed.json)
            #expect(try await api.send("GET", "/v1/queues", as: .viewer).json?["queues"] == [try #require(shown.json)])

            #expect(try await api.send("DELETE", "/v1/queues/bulk", fields: ["if-match": tag]).status == 412)
            #expect(try await api.send("DELETE", "/v1/queues/bulk", as: .developer).status == 204)
            for (method, path) in [
                ("GET", "bulk"), ("DELETE", "bulk"), ("POST", "bulk/pause"), ("POST", "none/resume"),
            ] {
                let gone = try await api.send(method, "/v1/queues/\(path)")
                #expect(gone.status == 404 && gone.json?["code"] == "queue_not_found", "\(method) \(path)")
            }
            let absent = try await api.send("PUT", "/v1/queues/none", json: "{}", fields: ["if-match": "*"])
            #expect(absent.status == 404)
        }
    }

    @Test("what is refused, and to whom")
    func refusals() async throws {
        try await APIFixture.run { api in
            for body in [
                #"{"discipline":"random"}"#, #"{"boost":"1"}"#, #"{"boost":"0s"}"#, #"{"weight":0}"#,
                #"{"weight":"many"}"#, #"{"concurrency":-1}"#, #"{"strict":1}"#, #"{"concurrency":null}"#,
            ] {
                let answer = try await api.send("PUT", "/v1/queues/q", json: body)
                #expect(answer.status == 400 && answer.json?["code"] == "invalid_body", "\(body)")
            }
            #expect(try await api.send("PUT", "/v1/queues/q", json: #"{"speed":1}"#).json?["code"] == "unknown_field")
            #expect(try await api.send("PUT", "/v1/queues/Q%20x", json: "{}").json?["code"] == "invalid_parameter")
            for fields in [["if-match": "3"], ["if-match": "W/\"3\""], ["if-none-match": "\"3\""]] as [HTTPFields] {
                let answer = try await api.send("PUT", "/v1/queues/q", json: "{}", fields: fields)
                #expect(answer.status == 400 && answer.json?["code"] == "invalid_condition")
            }
            #expect(try await api.send("PUT", "/v1/queues/q", as: .operator, json: "{}").status == 403)
            #expect(try await api.send("POST", "/v1/queues/q/pause", as: .viewer).status == 403)
            #expect(try await api.send("PUT", "/v1/queues/q", json: "{}").status == 201)
            #expect(try await api.send("GET", "/v1/queues/q", tenant: "other").status == 404)
        }
    }

    @Test("a run waits for its paused queue and says so, a draining queue takes none, a queue in use is not deleted")
    func waiting() async throws {
        try await APIFixture.run { api in
            let source =
                #"{"name":"f","queue":"night","steps":[{"id":"a","uses":"noop"},{"id":"b","uses":"noop","needs":["a"]}]}"#
            #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
            let run = try await api.send(
                "POST", "/v1/runs", json: #"{"workflow":"f","priority":7,"deadline":"10m"}"#)
            let id = try #require(run.json?["id"]?.stringValue)
            let idle = try await api.send("GET", "/v1/runs/\(id)/explain", as: .viewer)
            #expect(idle.json?["run"]?.stringValue == id)
            let first = try #require(idle.json?["waits"]?[0])
            #expect(first["step"] == "a" && first["reason"] == "no_worker" && first["task_type"] == "noop")
            #expect(idle.json?["waits"]?[1]?["reason"] == "dependencies")
            #expect(idle.json?["waits"]?[1]?["needs"] == ["a"])

            #expect(try await api.send("POST", "/v1/queues/night/pause").status == 200)
            let paused = try await api.send("GET", "/v1/runs/\(id)/explain")
            #expect(paused.json?["waits"]?[0]?["reason"] == "queue_paused")
            #expect(paused.json?["waits"]?[0]?["message"]?.stringValue?.contains("beamline queue resume night") == true)
            let waiting = try await api.send("GET", "/v1/queues", as: .viewer)
            #expect(waiting.json?["queues"]?[0]?["ready"] == 1, "\(waiting.text)")
            #expect(try await api.send("GET", "/v1/queues/night", tenant: "other").status == 404)
            let used = try await api.send("DELETE", "/v1/queues/night")
            #expect(used.status == 409 && used.json?["code"] == "queue_not_empty")

            #expect(try await api.send("POST", "/v1/queues/night/drain").status == 200)
            let refused = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
            #expect(refused.status == 409 && refused.json?["code"] == "queue_draining")
            #expect(try await api.send("POST", "/v1/queues/night/resume").status == 200)

            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await worker.complete() }
                let next = try await api.send("POST", "/v1/runs?wait=30s", json: #"{"workflow":"f"}"#)
                #expect(next.json?["state"] == "succeeded")
                let ended = try await api.send(
                    "GET", "/v1/runs/\(next.json?["id"]?.stringValue ?? "")/explain")
                #expect(ended.status == 200 && ended.json?["waits"] == [])
                worker.call.cancel()
                try await group.waitForAll()
            }
            await channel.close()
            for body in [#"{"workflow":"f","priority":1001}"#, #"{"workflow":"f","deadline":"soon"}"#] {
                #expect(try await api.send("POST", "/v1/runs", json: body).json?["code"] == "invalid_body")
            }
            let unknown = try await api.send("GET", "/v1/runs/00000000000000000000000001/explain")
            #expect(unknown.status == 404 && unknown.json?["code"] == "run_not_found")
        }
    }

    @Test("a queue says how many of its steps are ready, running and held; whole runs that wait are none of them")
    func loads() async throws {
        try await APIFixture.run { api in
            let limit = #""concurrency":{"limit":1}"#
            for (name, ofRuns, ofSteps) in [("steps", "", ",\(limit)"), ("runs", "\(limit),", "")] {
                let step = #"{"id":"a","uses":"noop"\#(ofSteps)}"#
                let source = #"{"name":"\#(name)","queue":"\#(name)",\#(ofRuns)"steps":[\#(step)]}"#
                #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
                for _ in 0..<3 {
                    #expect(try await api.send("POST", "/v1/runs", json: #"{"workflow":"\#(name)"}"#).status == 201)
                }
            }
            let listed = try await api.send("GET", "/v1/queues", as: .viewer).json?["queues"]?.arrayValue ?? []
            #expect(listed.map { $0["name"] } == ["runs", "steps"])
            #expect(listed.map { $0["ready"] } == [1, 1] && listed.map { $0["running"] } == [0, 0])
            #expect(listed.map { $0["held"] } == [0, 2])
            let paused = try await api.send("POST", "/v1/queues/steps/pause", as: .operator)
            #expect(paused.json?["ready"] == 1 && paused.json?["held"] == 2)
        }
    }

    @Test("a full limit names its holders; limits and throttles that do not wait refuse with their own codes")
    func limits() async throws {
        try await APIFixture.run { api in
            func apply(_ name: String, _ more: String) async throws {
                let source = #"{"name":"\#(name)",\#(more),"steps":[{"id":"a","uses":"noop"}]}"#
                #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
            }
            func start(_ name: String) async throws -> APIFixture.Answer {
                try await api.send("POST", "/v1/runs", json: #"{"workflow":"\#(name)"}"#)
            }
            try await apply("one", #""concurrency":{"limit":1}"#)
            let holder = try await start("one")
            let queued = try await start("one")
            #expect(queued.json?["state"] == "queued")
            let why = try await api.send("GET", "/v1/runs/\(queued.json?["id"]?.stringValue ?? "")/explain")
            let wait = try #require(why.json?["waits"]?[0])
            #expect(wait["reason"] == "limit" && wait["step"] == nil && wait["limit"]?["level"] == "run")
            #expect(wait["limit"]?["holders"]?[0]?["run"] == holder.json?["id"])

            try await apply("strict", #""concurrency":{"limit":1,"on_conflict":"reject"}"#)
            #expect(try await start("strict").status == 201)
            let rejected = try await start("strict")
            #expect(rejected.status == 409 && rejected.json?["code"] == "concurrency_limit")

            try await apply("rare", #""throttle":{"limit":1,"per":"1h","on_excess":"drop"}"#)
            #expect(try await start("rare").status == 201)
            let dropped = try await start("rare")
            #expect(dropped.status == 429 && dropped.json?["code"] == "throttled")
            #expect((3500...3600).contains(Int(dropped.fields["retry-after"] ?? "") ?? 0))

            try await apply("calm", #""debounce":{"quiet":"1h","longest":"2h"}"#)
            let calm = try await start("calm")
            let quiet = try await api.send("GET", "/v1/runs/\(calm.json?["id"]?.stringValue ?? "")/explain")
            #expect(quiet.json?["waits"]?[0]?["reason"] == "debounce")
            #expect(quiet.json?["waits"]?[0]?["name"] == "calm/run")
        }
    }
}
