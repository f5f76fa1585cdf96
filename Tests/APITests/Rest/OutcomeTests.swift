import Access
import Engine
import JSON
import Protobuf
import Telemetry
import Testing

@Suite("REST: caches and idempotency keys", .timeLimit(.minutes(5)))
struct OutcomeTests {
    private static func source(_ name: String, _ more: String) -> String {
        #"{"name":"\#(name)","inputs":{"type":"object","additionalProperties":true},"steps":[{"id":"a","uses":"noop",\#(more),"with":{"x":"${{ inputs.x }}"}}]}"#
    }

    private static func start(_ api: APIFixture, _ workflow: String, _ x: Int) async throws -> String {
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"\#(workflow)","input":{"x":\#(x)}}"#)
        return try #require(run.json?["id"]?.stringValue)
    }

    @Test(
        "a second run takes the first one's output, and the run says so",
        arguments: [
            (#""cache":"1h""#, "cached"), (#""idempotency":{"key":"order-${{ inputs.x }}"}"#, "idempotent"),
        ])
    func taken(more: String, code: String) async throws {
        try await APIFixture.run { api in
            #expect(try await api.send("POST", "/v1/workflows", json: Self.source("w", more)).status == 201)
            let first = try await Self.start(api, "w", 1)
            try await api.working(output: "[7]") {
                let run = try await api.ended(first)
                #expect(run.state == "succeeded" && run.steps[0].attempt == 1)
            }
            // No worker is there any more: once the server knows, it leases nothing to the one that has left.
            while try api.engine.connectedWorkers() > 0 { await Task.yield() }
            let second = try await Self.start(api, "w", 1)
            let run = try await api.ended(second)
            #expect(run.state == "succeeded" && run.output == Array("[7]".utf8) && run.steps[0].attempt == 0)
            let shown = try await api.send("GET", "/v1/runs/\(second)")
            let step = shown.json?["steps"]?[0]
            #expect(step?["state"] == "succeeded" && step?["reused"]?["code"]?.stringValue == code)
            #expect(step?["reused"]?["message"]?.stringValue?.contains(first) == true && step?["error"] == nil)
            let other = try await Self.start(api, "w", 2)
            // First for the answer whether somebody has done it already, then for a worker; one that has left is believed to
            // come back until its lease is over.
            var waits: JSONValue?
            for _ in 0..<1000 where waits == nil || waits == "outside" {
                waits = try await api.send("GET", "/v1/runs/\(other)/explain").json?["waits"]?[0]?["reason"]
            }
            #expect(waits == "no_worker" || waits == "turn", "\(String(describing: waits))")
            #expect(try await api.send("POST", "/v1/runs", tenant: "other", json: #"{"workflow":"w"}"#).status == 404)
        }
    }

    @Test("two runs at once with one key: one works, the other waits and takes its outcome")
    func waits() async throws {
        try await APIFixture.run { api in
            let source = Self.source("w", #""idempotency":{"key":"one","ttl":"1m"}"#)
            #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
            let runs = [try await Self.start(api, "w", 1), try await Self.start(api, "w", 2)]
            try await api.working(output: "1") {
                var attempts: [Int32] = []
                for run in runs { attempts.append(try await api.ended(run).steps[0].attempt) }
                #expect(attempts.sorted() == [0, 1])
            }
        }
    }
}

extension Engine {
    fileprivate func connectedWorkers() throws -> Double {
        try #require(metrics.first { $0.name == "beamline_sessions" }?.samples.first?.value)
    }
}
