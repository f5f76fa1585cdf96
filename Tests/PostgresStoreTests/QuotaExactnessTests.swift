import Engine
import Foundation
import Postgres
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Workflows

/// A quota of active runs, as its submitters see it: 32 of them over two nodes on one database, on real clocks. With
/// BEAMLINE_MEASURE it takes longer, and says how soon a freed place is taken.
@Suite("PostgresStore: a quota over nodes", .serialized, .timeLimit(.minutes(5)))
struct QuotaExactnessTests {
    private static let quota: Int64 = 100
    private static let isLong = ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil

    /// Nobody serves its step, so a run is active until it is cancelled.
    private static let source = "name: still\nsteps: [{ id: a, uses: noop }]\n"

    private final class Tally: Sendable {
        private struct State {
            var running: [RunKey] = []
            var count = 0
            var most = 0
            var freedAt: ContinuousClock.Instant?
            var gaps: [Duration] = []
            var isOver = false
            var refusals = 0
            var failures: [EngineError] = []
        }

        private let state = Mutex(State())

        func started(_ key: RunKey) {
            let now = ContinuousClock.now
            state.withLock { state in
                state.running.append(key)
                state.count += 1
                state.most = max(state.most, state.count)
                if let freed = state.freedAt, state.count == Int(QuotaExactnessTests.quota) {
                    state.gaps.append(now - freed)
                    state.freedAt = nil
                }
            }
        }

        func refused(_ error: EngineError) {
            state.withLock { state in
                if error.quota == .activeRuns { state.refusals += 1 } else { state.failures.append(error) }
            }
        }

        func oldest() -> RunKey { state.withLock { $0.running.removeFirst() } }
        /// The run's end is under way: from now on its place may be taken.
        func ending() { state.withLock { $0.count -= 1 } }
        func ended() { state.withLock { $0.freedAt = $0.count < Int(QuotaExactnessTests.quota) ? .now : nil } }
        func stop() { state.withLock { $0.isOver = true } }

        var isOver: Bool { state.withLock { $0.isOver } }
        var count: Int { state.withLock { $0.count } }
        var most: Int { state.withLock { $0.most } }
        var gaps: [Duration] { state.withLock { $0.gaps.sorted() } }
        var refusals: Int { state.withLock { $0.refusals } }
        var failures: [EngineError] { state.withLock { $0.failures } }
    }

    @Test("100 active runs under 32 submitters: reached, never exceeded, and a freed place is taken")
    func exact() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        let workflow = try Workflow(parsing: Array(Self.source.utf8), file: "still.yaml")
        let record = DefinitionRecord(
            name: "still", canonical: workflow.definition.canonical, digest: [1], source: Array(Self.source.utf8))
        _ = try await store.apply([record], tenant: tenant)
        _ = try await store.setQuotas(TenantQuotas(tenant: tenant, limits: [.activeRuns: Self.quota]))
        let watcher = try await database.connect()
        let tally = Tally()
        // Each node has connections of its own.
        var stores: [PostgresStore] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            var nodes: [Engine] = []
            for _ in 0..<2 {
                let own = try await PostgresStore.open(
                    .init(postgres: database.cluster.options(database: database.name)))
                stores.append(own)
                let node = try await Engine(
                    store: own, catalog: own, compiler: { try Plan.compile(canonical: $0.canonical) })
                for service in node.services { group.addTask { try await service.run() } }
                nodes.append(node)
            }
            for number in 0..<32 {
                let node = nodes[number % 2]
                group.addTask {
                    while !tally.isOver {
                        do throws(EngineError) {
                            let started = try await node.start(
                                StartCommand(tenant: tenant, workflow: "still", input: Array("{}".utf8)))
                            tally.started(RunKey(tenant: tenant, run: started.run))
                        } catch {
                            tally.refused(error)
                            // As a client would, only less patient.
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
            }
            func count() async throws -> Int64 {
                try await watcher.query("SELECT count(*) FROM runs WHERE ended_at IS NULL").decode(
                    row: 0, column: 0, as: Int64.self)
            }
            var seen: Int64 = 0
            while tally.count < Int(Self.quota) {
                seen = max(seen, try await count())
                try await Task.sleep(for: .milliseconds(2))
            }
            for round in 0..<(Self.isLong ? 300 : 40) {
                let key = tally.oldest()
                tally.ending()
                try await nodes[round % 2].cancel(key, reason: "makes room")
                tally.ended()
                while tally.count < Int(Self.quota) {
                    seen = max(seen, try await count())
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            tally.stop()
            #expect(seen <= Int64(Self.quota))
            #expect(try await count() == Int64(Self.quota))
            group.cancelAll()
        }
        #expect(tally.most == Int(Self.quota))
        #expect(tally.failures == [])
        #expect(tally.refusals > 0)
        #expect(try await store.recountRuns(of: tenant) == 0, "the count is right without being counted anew")
        #expect(try await store.auditTokens() == [])
        let gaps = tally.gaps
        if Self.isLong, !gaps.isEmpty {
            print(
                "QUOTA EXACT most \(tally.most); \(tally.refusals) refusals; a freed place is taken after p50 "
                    + "\(gaps[gaps.count / 2]), p99 \(gaps[gaps.count * 99 / 100]), most \(gaps[gaps.count - 1])")
        }
        for store in stores { await store.close() }
        await watcher.close()
        try await database.discard()
    }
}
