import Engine
import Foundation
import Postgres
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Workflows

/// Limits as workers see them: two nodes and eight workers over one database, everything on real clocks. With
/// BEAMLINE_MEASURE it runs as many runs as the limits promise to be exact for, and says how soon a freed slot is taken.
@Suite("PostgresStore: limits over nodes", .serialized, .timeLimit(.minutes(30)))
struct LimitExactnessTests {
    private static let isLong = ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil

    /// What is under way at the workers, by key.
    private final class Watch: Sendable {
        private struct State {
            var underWay: [String: Int] = [:]
            var most: [String: Int] = [:]
            var freedAt: [String: ContinuousClock.Instant] = [:]
            var gaps: [Duration] = []
        }

        private let state = Mutex(State())

        func began(_ key: String) {
            let now = ContinuousClock.now
            state.withLock { state in
                state.underWay[key, default: 0] += 1
                state.most[key] = max(state.most[key] ?? 0, state.underWay[key] ?? 0)
                if let freed = state.freedAt.removeValue(forKey: key) { state.gaps.append(now - freed) }
            }
        }

        func ended(_ key: String) {
            state.withLock { state in
                state.underWay[key, default: 0] -= 1
                state.freedAt[key] = .now
            }
        }

        var most: [String: Int] { state.withLock { $0.most } }
        var gaps: [Duration] { state.withLock { $0.gaps.sorted() } }
    }

    private static let source = """
        name: limited
        inputs: { type: object, required: [run, step], properties: { run: { type: string }, step: { type: string } } }
        concurrency: { key: "${{ inputs.run }}", limit: 2 }
        steps:
          - id: first
            uses: noop
            with: { key: "${{ inputs.step }}" }
            concurrency: { key: "${{ inputs.step }}", limit: 1 }
          - { id: second, uses: noop, needs: [first], with: { key: "run-${{ inputs.run }}" } }
        """

    /// Of a key, as the definition says.
    private static func slots(_ key: String) -> Int { key.contains("run-") ? 2 : 1 }

    @Test("over two nodes and eight workers never more than the limit, and as many as it")
    func exact() async throws {
        let runs = Self.isLong ? 10_000 : 120
        let cluster = Self.isLong ? try await PostgresCluster.own(settings: ["shared_buffers": "512MB"]) : nil
        let database = try await StoreDatabase.make(in: cluster)
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        let workflow = try Workflow(parsing: Array(Self.source.utf8), file: "limited.yaml")
        _ = try await store.apply(
            [
                DefinitionRecord(
                    name: "limited", canonical: workflow.definition.canonical, digest: [1],
                    source: Array(Self.source.utf8))
            ], tenant: tenant)
        let watch = Watch()
        let done = SharedValue(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var configuration = EngineConfiguration()
            configuration.lanes = 4
            // In the place of the notifications between servers.
            let others = SharedValue<[Engine]>([])
            var nodes: [Engine] = []
            for _ in 0..<2 {
                let node = try await Engine(
                    store: store, catalog: store, compiler: { try Plan.compile(canonical: $0.canonical) },
                    configuration: configuration, committed: { for node in others.value { node.wakeEventTail() } })
                for service in node.services { group.addTask { try await service.run() } }
                nodes.append(node)
            }
            others.withLock { [nodes] in $0 = nodes }
            let (ended, ends) = AsyncStream.makeStream(of: (TestWorker, TaskName, String).self)
            var workers: [TestWorker] = []
            for number in 0..<8 {
                let box = SharedValue<TestWorker?>(nil)
                let worker = TestWorker("w\(number)", session: UInt64(number + 1)) { task in
                    let key = String(decoding: task.input, as: UTF8.self)
                    watch.began(key)
                    if let worker = box.value { ends.yield((worker, task.task, key)) }
                    return .hold
                }
                box.withLock { $0 = worker }
                try await worker.connect(to: nodes[number % 2], tenant: tenant, pools: [.init(name: "io", slots: 4)])
                workers.append(worker)
            }
            group.addTask {
                var kept: [(TestWorker, TaskName, String)] = []
                for await event in ended {
                    // Others that are let in too early have a moment to show themselves.
                    for _ in 0..<20 { await Task.yield() }
                    kept.append(event)
                    // A key's first are kept until all of its slots are taken, so that this is seen to happen.
                    let free = kept.filter { (watch.most[$0.2] ?? 0) >= Self.slots($0.2) }
                    kept.removeAll { (watch.most[$0.2] ?? 0) >= Self.slots($0.2) }
                    for (worker, task, key) in free {
                        watch.ended(key)
                        worker.finish(task, .success(Array("{}".utf8)))
                        done.withLock { $0 += 1 }
                    }
                }
            }
            let began = ContinuousClock.now
            for first in stride(from: 0, to: runs, by: 500) {
                let commands = (first..<min(runs, first + 500)).map { index in
                    StartCommand(
                        tenant: tenant, workflow: "limited",
                        input: Array(#"{"run":"r\#(index % 5)","step":"s\#(index % 3)"}"#.utf8))
                }
                for result in await nodes[first / 500 % 2].startBatch(commands) { _ = try result.get() }
            }
            while done.value < runs * 2 {
                try await Task.sleep(for: .milliseconds(10))
                for worker in workers { worker.heartbeat() }
            }
            let took = ContinuousClock.now - began
            if Self.isLong {
                let gaps = watch.gaps
                print(
                    "LIMITS EXACT \(runs) runs in \(took); freed slots taken after p50 \(gaps[gaps.count / 2]), "
                        + "p99 \(gaps[gaps.count * 99 / 100]), most \(gaps[gaps.count - 1])")
            }
            ends.finish()
            group.cancelAll()
        }
        for (key, most) in watch.most {
            #expect(most == Self.slots(key), "\(key)")
        }
        #expect(watch.most.count == 8)
        #expect(done.value == runs * 2)
        #expect(try await store.auditTokens() == [])
        try await database.discard()
        try await cluster?.cluster.stop()
    }
}
