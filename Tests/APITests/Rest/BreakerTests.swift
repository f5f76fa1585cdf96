import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@Suite("REST: circuit breakers", .timeLimit(.minutes(5)))
struct BreakerTests {
    @Test("a breaker of a task type from its setting up to its end, and who may do what")
    func taskType() async throws {
        try await APIFixture.run { api in
            let made = try await api.send(
                "PUT", "/v1/breakers/noop", as: .developer,
                json: #"{"failures":2,"ratio":0.5,"window":"5m","open":"1h","probes":2}"#)
            #expect(made.status == 201 && made.json?["kind"] == "task_type" && made.json?["state"] == "closed")
            #expect(made.json?["ratio"] == 0.5 && made.json?["window"] == "5m" && made.json?["open"] == "1h")
            let id = try #require(made.json?["id"]?.stringValue)
            let changed = try await api.send("PUT", "/v1/breakers/noop", json: #"{"failures":3}"#)
            #expect(changed.status == 200 && changed.json?["failures"] == 3 && changed.json?["ratio"] == nil)

            try await api.apply("f", steps: ["a"])
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
            let runID = try #require(run.json?["id"]?.stringValue)
            let tripped = try await api.send("POST", "/v1/breakers/\(id)/trip", as: .operator, json: "{}")
            #expect(tripped.json?["state"] == "open" && tripped.json?["until"] == nil && tripped.json?["trips"] == 1)
            let why = try await api.send("GET", "/v1/runs/\(runID)/explain", as: .viewer)
            let wait = try #require(why.json?["waits"]?[0])
            #expect(wait["reason"] == "breaker" && wait["breaker"]?["name"] == "noop")
            #expect(wait["message"]?.stringValue?.contains("beamline breaker reset noop") == true)
            let forATime = try await api.send("POST", "/v1/breakers/noop/trip", json: #"{"for":"10m"}"#)
            #expect(forATime.json?["until"] != nil)
            #expect(try await api.send("GET", "/v1/breakers", as: .viewer).json?["breakers"]?.arrayValue?.count == 1)
            let reset = try await api.send("POST", "/v1/breakers/noop/reset", as: .operator)
            #expect(reset.json?["state"] == "closed")

            for (method, path, role) in [
                ("PUT", "noop", Role.operator), ("DELETE", "noop", .operator), ("POST", "noop/trip", .viewer),
                ("POST", "noop/reset", .viewer),
            ] {
                let refused = try await api.send(method, "/v1/breakers/\(path)", as: role, json: "{}")
                #expect(refused.status == 403, "\(method) \(path)")
            }
            #expect(try await api.send("DELETE", "/v1/breakers/noop", as: .developer).status == 204)
            for (method, path) in [("GET", "noop"), ("DELETE", "noop"), ("POST", "noop/reset"), ("GET", id)] {
                let gone = try await api.send(method, "/v1/breakers/\(path)")
                #expect(gone.status == 404 && gone.json?["code"] == "breaker_not_found", "\(method) \(path)")
            }
        }
    }

    @Test("what is refused")
    func refusals() async throws {
        try await APIFixture.run { api in
            for body in [
                #"{"failures":0}"#, #"{"failures":"many"}"#, #"{"ratio":0}"#, #"{"ratio":2}"#, #"{"window":"1ms"}"#,
                #"{"window":7}"#, #"{"open":"1ms"}"#, #"{"open":"30d"}"#, #"{"probes":1001}"#,
            ] {
                let answer = try await api.send("PUT", "/v1/breakers/noop", json: body)
                #expect(answer.status == 400 && answer.json?["code"] == "invalid_body", "\(body)")
            }
            #expect(try await api.send("PUT", "/v1/breakers/No%20op", json: "{}").json?["code"] == "invalid_parameter")
            #expect(try await api.send("PUT", "/v1/breakers/noop", json: #"{"x":1}"#).json?["code"] == "unknown_field")
            #expect(try await api.send("PUT", "/v1/breakers/noop", json: "{}").status == 201)
            let trip = try await api.send("POST", "/v1/breakers/noop/trip", json: #"{"for":"soon"}"#)
            #expect(trip.status == 400 && trip.json?["code"] == "invalid_body")
            #expect(try await api.send("GET", "/v1/breakers/noop", tenant: "other").status == 404)
        }
    }

    @Test("a target that fails: its breaker opens, its steps are held and say so, probes close it again")
    func target() async throws {
        try await APIFixture.run { api in
            let source = """
                {"name":"sync","inputs":{"type":"object","properties":{"host":{"type":"string"}}},"steps":[{"id":"a",
                "uses":"noop","with":"${{ inputs }}","breaker":{"target":"${{ inputs.host }}","failures":2,"open":"500ms"}}]}
                """
            #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
            func start(_ host: String, wait: String = "") async throws -> JSONValue? {
                try await api.send(
                    "POST", "/v1/runs\(wait)", json: #"{"workflow":"sync","input":{"host":"\#(host)"}}"#
                ).json
            }
            let isUp = Flag(false)
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await worker.serve { assignment in
                        isUp.value || assignment.contains("fine") ? .success : .failure
                    }
                }
                for _ in 0..<2 { #expect(try await start("down", wait: "?wait=30s")?["state"] == "failed") }
                let open = try await api.send("GET", "/v1/breakers").json?["breakers"]?[0]
                #expect(open?["kind"] == "target" && open?["name"] == #"sync:"down""# && open?["trips"] == 1)
                let trip = try await api.send(
                    "POST", "/v1/breakers/\(open?["id"]?.stringValue ?? "")/trip", json: #"{"for":"1h"}"#)
                #expect(trip.json?["state"] == "open")
                let held = try await start("down")
                #expect(try await start("fine", wait: "?wait=30s")?["state"] == "succeeded")
                let id = try #require(held?["id"]?.stringValue)
                let why = try await api.send("GET", "/v1/runs/\(id)/explain").json?["waits"]?[0]
                #expect(why?["reason"] == "breaker" && why?["breaker"]?["kind"] == "target")
                #expect(why?["breaker"]?["state"] == "open" && why?["breaker"]?["ahead"] == 0)
                let removal = try await api.send("DELETE", "/v1/breakers/\(open?["id"]?.stringValue ?? "")")
                #expect(removal.status == 409 && removal.json?["code"] == "breaker_of_target")

                isUp.value = true
                _ = try await api.send(
                    "POST", "/v1/breakers/\(open?["id"]?.stringValue ?? "")/trip", json: #"{"for":"10ms"}"#)
                #expect(try await api.ended(id).state == "succeeded")
                let closed = try await api.send("GET", "/v1/breakers/\(open?["id"]?.stringValue ?? "")")
                #expect(closed.json?["state"] == "closed")
                worker.call.cancel()
                try await group.waitForAll()
            }
            await channel.close()
        }
    }
}
