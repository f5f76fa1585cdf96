import Access
import Engine
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@testable import API

@Suite("Quotas over the API", .serialized, .timeLimit(.minutes(5)))
struct QuotaTests {
    /// Runs of acme's in which nothing happens, because nobody serves them.
    private static func start(_ api: APIFixture, key: String? = nil) async throws -> APIFixture.Answer {
        let fields: HTTPFields = key.map { ["idempotency-key": $0] } ?? [:]
        return try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#, fields: fields)
    }

    private static func set(_ api: APIFixture, _ limits: String, tenant: String = "acme") async throws {
        let answer = try await api.send(
            "PUT", "/v1/tenants/\(tenant)/quotas", as: .platformAdmin, json: #"{"limits":{\#(limits)}}"#)
        #expect(answer.status == 200, "\(answer.text)")
    }

    private static func used(_ api: APIFixture, _ quota: String) async throws -> Int64? {
        let usage = try await api.send("GET", "/v1/usage", as: .viewer)
        return usage.json?["usage"]?.arrayValue?.first { $0["quota"]?.stringValue == quota }?["used"]?.intValue
    }

    @Test("quotas are set and shown; who may not is refused")
    func settings() async throws {
        try await APIFixture.run { api in
            let path = "/v1/tenants/acme/quotas"
            let none = try await api.send("GET", path, as: .platformAdmin)
            #expect(none.json?["limits"] == .object([:]) && none.json?["version"] == 0 && none.json?["weight"] == 100)
            let body = #"{"limits":{"active_runs":7,"workers":null},"soft_percent":50,"weight":300}"#
            let set = try await api.send("PUT", path, as: .platformAdmin, json: body)
            #expect(set.json?["limits"] == ["active_runs": 7] && set.json?["soft_percent"] == 50)
            #expect(set.json?["weight"] == 300 && set.json?["version"] == 1)
            // What is not named is unlimited, and the weight stays.
            let kept = #"{"limits":{"payload_bytes":1099511627776},"retention":{"run_days":90,"log_days":null}}"#
            let days = try await api.send("PUT", path, as: .platformAdmin, json: kept)
            #expect(days.json?["retention"] == ["run_days": 90])
            #expect(days.json?["limits"] == ["payload_bytes": 1_099_511_627_776])
            let second = try await api.send("PUT", path, as: .platformAdmin, json: #"{"limits":{"workers":1}}"#)
            #expect(second.json?["retention"] == .object([:]))
            #expect(second.json?["limits"] == ["workers": 1] && second.json?["weight"] == 300)
            #expect(try await api.send("GET", path, as: .platformAdmin).json == second.json)
            let usage = try await api.send("GET", "/v1/usage", as: .viewer)
            let workers = usage.json?["usage"]?.arrayValue?.first { $0["quota"] == "workers" }
            #expect(workers == ["quota": "workers", "used": 0, "limit": 1, "soft_limit": 1])
            for role in [Role.admin, .operator, .viewer] {
                #expect(try await api.send("GET", path, as: role).status == 403)
                #expect(try await api.send("PUT", path, as: role, json: body).status == 403)
            }
            for (wrong, code) in [
                (#"{}"#, "invalid_body"), (#"{"limits":{"runs":1}}"#, "unknown_field"),
                (#"{"limits":{"active_runs":-1}}"#, "invalid_body"),
                (#"{"limits":{"submissions_per_second":0}}"#, "invalid_body"),
                (#"{"limits":{},"soft_percent":0}"#, "invalid_body"), (#"{"limits":{},"weight":0}"#, "invalid_body"),
                (#"{"limits":{},"more":1}"#, "unknown_field"),
                (#"{"limits":{"log_bytes":1125899906842625}}"#, "invalid_body"),
                (#"{"limits":{},"retention":{"run_days":0}}"#, "invalid_body"),
                (#"{"limits":{},"retention":{"log_days":36526}}"#, "invalid_body"),
                (#"{"limits":{},"retention":{"days":1}}"#, "unknown_field"),
                (#"{"limits":{},"retention":7}"#, "invalid_body"),
            ] {
                let answer = try await api.send("PUT", path, as: .platformAdmin, json: wrong)
                #expect(answer.status == 400 && answer.json?["code"]?.stringValue == code, "\(wrong): \(answer.text)")
            }
            let nobody = try await api.send("GET", "/v1/tenants/nobody/quotas", as: .platformAdmin)
            #expect(nobody.status == 404 && nobody.json?["code"] == "tenant_not_found")
        }
    }

    @Test(
        "active runs: a warning from the soft limit on, 429 with the quota and Retry-After at the hard one, over gRPC, too"
    )
    func activeRuns() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            try await Self.set(api, #""active_runs":3"#)
            let first = try await Self.start(api, key: "k")
            #expect(first.status == 201 && first.fields["beamline-quota-warning"] == nil)
            _ = try await Self.start(api)
            let third = try await Self.start(api)
            #expect(third.fields["beamline-quota-warning"] == "active_runs; used=3; limit=3")
            let over = try await Self.start(api)
            #expect(over.status == 429 && over.json?["code"] == "quota_exceeded")
            #expect(over.fields["retry-after"] == "1" && over.fields["beamline-quota"] == "active_runs")
            #expect(over.json?["detail"]?.stringValue?.contains("3 active runs") == true)
            let repeated = try await Self.start(api, key: "k")
            #expect(repeated.status == 200 && repeated.json?["id"] == first.json?["id"])
            #expect(try await Self.start(api, key: "other").status == 429)

            let grpc = try api.channel(.admin)
            await #expect {
                _ = try await grpc.unary(BeamlineV1.RunService.startRun, .init(workflow: "f"))
            } throws: { error in
                (error as? GRPCStatus)?.code == .resourceExhausted
                    && (error as? GRPCStatus)?.reason == "quota_exceeded"
            }
            // Another tenant has no part in this.
            try await api.apply("f", steps: ["a"], tenant: "other")
            let other = try await api.send("POST", "/v1/runs", tenant: "other", json: #"{"workflow":"f"}"#)
            #expect(other.status == 201)

            let id = first.json?["id"]?.stringValue ?? ""
            #expect(try await api.send("POST", "/v1/runs/\(id)/cancel").status == 200)
            #expect(try await Self.start(api).status == 201)
            #expect(try await Self.used(api, "active_runs") == 3)
            let metrics = try await api.send("GET", "/metrics", as: .admin)
            #expect(metrics.text.contains(#"beamline_quota_refusals_total{quota="active_runs"} 4"#))
            #expect(metrics.text.contains(#"quota="active_runs"} 3"#) && metrics.text.contains("beamline_quota_limit"))
            await grpc.close()
        }
    }

    @Test("bytes of payloads and of logs: 429 with the quota, a notice in the log, and explain names concurrent steps")
    func storedBytes() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            try await Self.set(api, #""payload_bytes":40,"log_bytes":12,"concurrent_steps":1"#)
            let first = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f","input":{"t":"0123456789"}}"#)
            #expect(first.status == 201, "\(first.text)")
            let over = try await api.send(
                "POST", "/v1/runs", json: #"{"workflow":"f","input":{"t":"01234567890123456789"}}"#)
            #expect(over.status == 429 && over.fields["beamline-quota"] == "payload_bytes")
            #expect(over.fields["retry-after"] == "60" && over.text.contains("shorter retention"))
            let second = try await Self.start(api)
            #expect(second.status == 201)
            let waiting = try #require(second.json?["id"]?.stringValue)

            let grpc = try api.channel(.worker)
            let call = try await TestWorker.connect(grpc).call
            var messages = call.responses.makeAsyncIterator()
            var found: BeamlineV1.TaskRef?
            while found == nil, let message = try await messages.next() {
                if case .assign(let assign)? = message.kind { found = assign.task }
            }
            let task = try #require(found)
            for (number, text) in ["short\n", "too long for it\n", "more\n"].enumerated() {
                try await call.send(
                    .init(
                        kind: .log(
                            .init(
                                task: task, sequence: Int64(number + 1), stream: .output, text: text,
                                unixUs: 1_800_000_000_000_000))))
            }
            let explained = try await api.send("GET", "/v1/runs/\(waiting)/explain")
            let reason = explained.json?["waits"]?[0]
            #expect(reason?["reason"] == "quota" && reason?["quota"] == "concurrent_steps", "\(explained.text)")
            #expect(reason?["places"] == 1 && reason?["running"] == 1)
            // Lines are written when the worker has left in good order.
            call.finish()
            while try await messages.next() != nil {}
            let id = try #require(first.json?["id"]?.stringValue)
            let logs = try await api.send("GET", "/v1/runs/\(id)/logs")
            let texts = logs.json?["lines"]?.arrayValue?.compactMap { $0["text"]?.stringValue } ?? []
            #expect(texts == ["short\n", TaskLogBuffer.cutNotice])
            await grpc.close()
        }
    }

    @Test("workflows, submissions and workers have their quotas")
    func others() async throws {
        try await APIFixture.run { api in
            try await Self.set(api, #""definitions":1,"submissions_per_second":1,"workers":0"#)
            try await api.apply("f", steps: ["a"])
            let second = try await api.send("POST", "/v1/workflows", json: TestDefinitions.source("g", steps: ["a"]))
            #expect(second.status == 429 && second.fields["beamline-quota"] == "definitions")
            #expect(try await Self.used(api, "definitions") == 1)

            var refused: APIFixture.Answer?
            for _ in 0..<50 where refused == nil {
                let answer = try await Self.start(api)
                if answer.status == 429 { refused = answer }
            }
            let over = try #require(refused)
            #expect(over.fields["beamline-quota"] == "submissions_per_second" && over.fields["retry-after"] == "1")

            let grpc = try api.channel(.worker)
            let worker = try await TestWorker.connect(grpc)
            await #expect {
                for try await _ in worker.call.responses {}
            } throws: { error in
                (error as? GRPCStatus)?.code == .resourceExhausted
                    && (error as? GRPCStatus)?.reason == "quota_exceeded"
            }
            await grpc.close()
        }
    }
}
