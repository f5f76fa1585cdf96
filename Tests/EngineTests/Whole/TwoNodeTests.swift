import Engine
import Telemetry
import TestSupport
import Testing
import Workflows

@Suite("Two nodes over one store", .timeLimit(.minutes(1)))
struct TwoNodeTests {
    static let wide = Plan(
        name: "wide",
        steps: [PlanStep(id: "first", taskType: "noop")]
            + (1...6).map { PlanStep(id: "part-\($0)", taskType: "noop", needs: [0]) }
            + [PlanStep(id: "join", taskType: "noop", needs: [1, 2, 3, 4, 5, 6])])
    static let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])

    @Test("runs of both finish on workers of both; lost races cost a second try, nothing else", arguments: 1...20)
    func bothWork(seed: UInt64) async throws {
        let fixture = try await EngineFixture(plans: [Self.wide], seed: seed)
        let nodes = [try await fixture.makeEngine(), try await fixture.makeEngine()]
        let workers = (1...2).map { number in
            TestWorker("w\(number)", session: UInt64(number)) { _ in .finish(.success(Array("{}".utf8))) }
        }
        try await fixture.running(nodes[0]) {
            try await fixture.running(nodes[1]) {
                for (node, worker) in zip(nodes, workers) {
                    try await worker.connect(to: node, tenant: fixture.tenant)
                }
                for index in 0..<20 { _ = try await nodes[index % 2].start(fixture.start("wide")) }
                #expect(
                    await fixture.clock.advance(until: {
                        for worker in workers { worker.heartbeat() }
                        return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                    }))
            }
        }
        #expect(fixture.audit() == [])
        #expect(workers.allSatisfy { !$0.assignments.isEmpty })
        #expect(workers.reduce(0) { $0 + $1.assignments.count } == 20 * 8)
    }

    @Test("a command on a run that the other node has advanced loses its race, is applied again, and is counted")
    func lostRace() async throws {
        let fixture = try await EngineFixture(plans: [Self.single])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        try await fixture.running(near) {
            try await fixture.running(far) {
                let key = fixture.key(try await near.start(fixture.start("single")))
                try await far.pause(key)
                // The near node still has the run in memory as it was.
                try await near.cancel(key, reason: "enough")
                #expect(fixture.store.runStates[key] == .cancelled)
                let races = [near, far].map { node in
                    node.metrics.first { $0.name == "beamline_lost_races_total" }?.samples.first?.value
                }
                #expect(races == [1, 0])
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test(
        "an attempt knows of failures at the other node, and its outcome counts where the run was known as it was before"
    )
    func retriesElsewhere() async throws {
        let plan = Plan(
            name: "flaky",
            steps: [
                PlanStep(id: "first", taskType: "noop"),
                PlanStep(
                    id: "second", taskType: "other", needs: [0],
                    retry: RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .seconds(1))),
            ])
        let fixture = try await EngineFixture(plans: [plan])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let first = TestWorker("first", session: 1) { _ in .hold }
        let second = TestWorker("second", session: 2) { _ in .hold }
        try await fixture.running(near) {
            try await fixture.running(far) {
                // The near node keeps the run in memory; the far one takes it further.
                let key = fixture.key(try await near.start(fixture.start("flaky")))
                try await first.connect(to: far, tenant: fixture.tenant)
                try await second.connect(to: far, tenant: fixture.tenant, types: ["other"])
                #expect(await fixture.clock.advance(until: { first.held.count == 1 }))
                for task in first.held { first.finish(task, .success([])) }
                #expect(await fixture.clock.advance(until: { second.held.count == 1 }))
                let failure = StepFailure(kind: .error, message: "once", retryable: true)
                for task in second.held { second.finish(task, .failure(failure)) }
                #expect(await fixture.clock.advance(until: { second.unacknowledged == 0 }))
                // The second attempt runs at the near node.
                second.cut()
                let third = TestWorker("third", session: 3) { _ in .finish(.success([])) }
                try await third.connect(to: near, tenant: fixture.tenant, types: ["other"])
                #expect(
                    await fixture.clock.advance(
                        until: {
                            third.heartbeat()
                            return fixture.store.runStates[key] == .succeeded
                        }, limit: .seconds(120)))
                #expect(third.assignments.map(\.retryCount) == [1])
                #expect(third.answers(try #require(third.assignments.first).task) == [.recorded])
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("a step that another node made ready reads what that node has recorded")
    func readsOthers() async throws {
        let plan = try Workflow(
            parsing: Array(
                """
                name: relay
                steps:
                  - { id: first, uses: near }
                  - { id: second, uses: far, needs: [first] }
                  - { id: third, uses: near, needs: [second], with: { seen: "${{ steps.second.output.at }}" } }
                """.utf8), file: "relay.yaml"
        ).plan
        let fixture = try await EngineFixture(plans: [plan])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let finish: TestWorker.Behaviour = { task in
            .finish(.success(Array("{\"at\": \"\(task.task.step)\"}".utf8)))
        }
        let (nearWorker, farWorker) = (
            TestWorker("near", session: 1, behaviour: finish), TestWorker("far", session: 2, behaviour: finish)
        )
        try await fixture.running(near) {
            try await fixture.running(far) {
                try await nearWorker.connect(to: near, tenant: fixture.tenant, types: ["near"])
                try await farWorker.connect(to: far, tenant: fixture.tenant, types: ["far"])
                for _ in 0..<20 { _ = try await near.start(fixture.start("relay")) }
                #expect(
                    await fixture.clock.advance(until: {
                        for worker in [nearWorker, farWorker] { worker.heartbeat() }
                        return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                    }))
            }
        }
        #expect(fixture.audit() == [])
        let thirds = nearWorker.assignments.filter { $0.task.step == "third" }.map {
            String(decoding: $0.input, as: UTF8.self)
        }
        #expect(thirds == Array(repeating: #"{"seen":"second"}"#, count: 20))
    }

    @Test("a cancel at one node stops the attempt at the other's worker")
    func cancelsRemotely() async throws {
        let fixture = try await EngineFixture(plans: [Self.single])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(near) {
            try await fixture.running(far) {
                try await worker.connect(to: far, tenant: fixture.tenant)
                let key = fixture.key(try await near.start(fixture.start("single")))
                #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
                try await near.cancel(key, reason: "stop")
                #expect(await fixture.clock.advance(until: { worker.cancelled.count == 1 }, limit: .seconds(5)))
            }
        }
        #expect(fixture.audit() == [])
    }
}
