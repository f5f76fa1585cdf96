import Engine
import JSON
import PostgresStore
import Protobuf
import TestSupport
import Testing
import Workflows

/// Steps with a key's limit and a target's breaker, over two nodes.
@Suite("REST: a limit and a breaker on one step", .timeLimit(.minutes(5)))
struct JointLimitTests {
    private static let source = """
        {"name":"sync","inputs":{"type":"object","properties":{"host":{"type":"string"},"key":{"type":"string"}}},
        "steps":[{"id":"a","uses":"noop","with":"${{ inputs }}",
        "concurrency":{"key":"${{ inputs.key }}","limit":1},
        "breaker":{"target":"${{ inputs.host }}","failures":2,"open":"1h"}}]}
        """

    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))
    private static let failure = FinishCommand.Outcome.failure(
        StepFailure(kind: .error, message: "refused", retryable: false))

    /// What a test asks the first node, through the API.
    private struct Desk {
        let api: APIFixture

        func start(_ host: String, _ key: String) async throws -> String {
            let answer = try await api.send(
                "POST", "/v1/runs", json: #"{"workflow":"sync","input":{"host":"\#(host)","key":"\#(key)"}}"#)
            return try #require(answer.json?["id"]?.stringValue)
        }

        func why(_ run: String) async throws -> JSONValue? {
            try await api.send("GET", "/v1/runs/\(run)/explain").json?["waits"]?[0]
        }

        func until(_ reason: String, _ run: String) async throws -> JSONValue? {
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                let why = try await why(run)
                if why?["reason"]?.stringValue == reason { return why }
                try await Task.sleep(for: .milliseconds(10))
            }
            Issue.record("the run never waits for \(reason): \(String(describing: try await why(run)))")
            return nil
        }

        func breaker(_ change: String, json: String = "{}") async throws {
            let open = try await api.send("GET", "/v1/breakers").json?["breakers"]?[0]
            let id = try #require(open?["id"]?.stringValue)
            #expect(try await api.send("POST", "/v1/breakers/\(id)/\(change)", json: json).status == 200)
        }
    }

    /// A second node beside the server's, with a worker at each.
    private func withNodes(
        _ behaviour: @escaping TestSupport.TestWorker.Behaviour,
        _ body: @Sendable @escaping (Desk, [TestSupport.TestWorker]) async throws -> Void
    ) async throws {
        try await APIFixture.run { api in
            #expect(try await api.send("POST", "/v1/workflows", json: Self.source).status == 201)
            let tenant = try await api.store.ensureTenant(named: "acme")
            let other = try await Engine(
                store: api.store, catalog: api.store, compiler: { try Plan.compile(canonical: $0.canonical) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in other.services { group.addTask { try await service.run() } }
                var workers: [TestSupport.TestWorker] = []
                for (number, engine) in [api.engine, other].enumerated() {
                    let worker = TestSupport.TestWorker("w\(number)", session: UInt64(number + 1), behaviour: behaviour)
                    try await worker.connect(to: engine, tenant: tenant, pools: [.init(name: "io", slots: 4)])
                    workers.append(worker)
                }
                group.addTask { [workers] in
                    while true {
                        try await Task.sleep(for: .seconds(2))
                        for worker in workers { worker.heartbeat() }
                    }
                }
                try await body(Desk(api: api), workers)
                group.cancelAll()
            }
            #expect(try await api.store.auditTokens() == [])
        }
    }

    @Test("it waits for whichever is missing, says so, and holds neither; cancel and redrive give back both")
    func both() async throws {
        let isUp = SharedValue(false)
        let behaviour: TestSupport.TestWorker.Behaviour = { task in
            let input = String(decoding: task.input, as: UTF8.self)
            if input.contains("slow") { return .hold }
            return .finish(isUp.value || input.contains("fine") ? Self.success : Self.failure)
        }
        try await withNodes(behaviour) { desk, workers in
            let api = desk.api
            let failed = try await desk.start("down", "k")
            for id in [failed, try await desk.start("down", "k")] { #expect(try await api.ended(id).state == "failed") }

            // Behind the open breaker it has no slot of its key: others of the key go on.
            let waiting = try await desk.start("down", "k")
            let why = try await desk.until("breaker", waiting)
            #expect(why?["breaker"]?["kind"] == "target" && why?["breaker"]?["state"] == "open")
            #expect(try await api.ended(try await desk.start("fine", "k")).state == "succeeded")

            // The key is taken; the breaker closes: now the key is what it waits for.
            let slow = try await desk.start("slow", "k")
            _ = try await desk.until("running", slow)
            try await desk.breaker("reset")
            let limit = try await desk.until("limit", waiting)
            #expect(limit?["limit"]?["name"]?.stringValue?.contains("k") == true)
            let later = try await desk.start("down", "k")
            _ = try await desk.until("limit", later)

            // It opens again; the key gets free: the breaker again, and the slot is another's.
            try await desk.breaker("trip", json: #"{"for":"1h"}"#)
            for worker in workers { for task in worker.held { worker.finish(task, Self.success) } }
            #expect(try await api.ended(slow).state == "succeeded")
            _ = try await desk.until("breaker", waiting)
            #expect(try await api.ended(try await desk.start("fine", "k")).state == "succeeded")

            #expect(try await api.send("POST", "/v1/runs/\(later)/cancel", json: "{}").status < 300)
            #expect(try await api.ended(later).state == "cancelled")
            let letters = try await api.send("GET", "/v1/dead-letters").json?["dead_letters"]
            let letter = try #require(letters?.arrayValue?.first { $0["run"]?.stringValue == failed })
            let redriven = try await api.send(
                "POST", "/v1/dead-letters/\(letter["id"]?.stringValue ?? "")/redrive", json: "{}")
            #expect(redriven.status < 300, "\(redriven.text)")
            _ = try await desk.until("breaker", failed)
            isUp.withLock { $0 = true }
            try await desk.breaker("reset")
            #expect(try await api.ended(waiting).state == "succeeded")
            #expect(try await api.ended(failed).state == "succeeded")
        }
    }

    @Test("under load over two nodes: never two of a key, nobody tries a shut target, and all end well")
    func load() async throws {
        let isUp = SharedValue(false)
        let seen = SharedValue<(underWay: [String: Int], most: Int, tries: Int)>(([:], 0, 0))
        let behaviour: TestSupport.TestWorker.Behaviour = { task in
            let input = String(decoding: task.input, as: UTF8.self)
            let key = String(input.split(separator: "\"key\":\"").last?.prefix(2) ?? "")
            seen.withLock { seen in
                seen.underWay[key, default: 0] += 1
                seen.most = max(seen.most, seen.underWay[key] ?? 0)
                if input.contains("down") { seen.tries += 1 }
            }
            return .hold
        }
        try await withNodes(behaviour) { desk, workers in
            let api = desk.api
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while true {
                        try await Task.sleep(for: .milliseconds(2))
                        for worker in workers {
                            for task in worker.held {
                                guard let assignment = worker.assignments.last(where: { $0.task == task }) else {
                                    continue
                                }
                                let input = String(decoding: assignment.input, as: UTF8.self)
                                let key = String(input.split(separator: "\"key\":\"").last?.prefix(2) ?? "")
                                seen.withLock { $0.underWay[key, default: 0] -= 1 }
                                let isFine = isUp.value || input.contains("fine")
                                worker.finish(task, isFine ? Self.success : Self.failure)
                            }
                        }
                    }
                }
                for number in 0..<2 {
                    #expect(try await api.ended(try await desk.start("down", "k\(number)")).state == "failed")
                }
                let tries = seen.value.tries
                var down: [String] = []
                var fine: [String] = []
                for number in 0..<60 {
                    let key = "k\(number % 3)"
                    if number % 2 == 0 {
                        down.append(try await desk.start("down", key))
                    } else {
                        fine.append(try await desk.start("fine", key))
                    }
                }
                for run in fine { #expect(try await api.ended(run).state == "succeeded") }
                #expect(seen.value.tries == tries, "nobody tries while it is open")
                isUp.withLock { $0 = true }
                try await desk.breaker("trip", json: #"{"for":"10ms"}"#)
                for run in down { #expect(try await api.ended(run).state == "succeeded") }
                #expect(seen.value.most == 1)
                group.cancelAll()
            }
        }
    }
}
