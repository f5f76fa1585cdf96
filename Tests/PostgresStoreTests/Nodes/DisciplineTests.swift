import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// What each discipline promises (docs/queues.md), over two nodes that claim from one database.
@Suite("PostgresStore: disciplines over two nodes", .serialized, .timeLimit(.minutes(5)))
struct DisciplineTests {
    private static let definition = "name: one\nqueue: ordered\nsteps: [{ id: only, uses: noop }]"
    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))

    /// A run with what it is ordered by.
    private struct Wanted {
        var key: RunKey
        var created: Timestamp
        var priority: Int32
        var deadline: Duration
    }

    /// The time in the run's id, which orders it: milliseconds, and 4,096ths of one (RFC 9562 §6.2, method 3).
    private static func created(_ run: RunID) -> Timestamp {
        let fraction = Int64(run.bytes.high & 0xFFF)
        return Timestamp(microseconds: Int64(run.bytes.high >> 16) * 1000 + ((fraction * 1000 + 4095) >> 12))
    }

    /// Runs in the order in which their steps were leased, by the database's clock.
    private static func leased(_ stage: EngineStage) async throws -> [RunID] {
        let rows = try await stage.connection.query(
            "SELECT run FROM steps WHERE state = 7 ORDER BY leased_at, run")
        return try rows.map { row in
            let run = try row.decode(0, as: PostgresUUID.self)
            return RunID(RunID.Bytes(high: run.high, low: run.low))
        }
    }

    @Test(
        "all that waits is served in its order: exactly if the queue is strict, else but for claims at the same time",
        arguments: QueueDiscipline.allCases, [true, false])
    func order(discipline: QueueDiscipline, strict: Bool) async throws {
        try await EngineStage.run([Self.definition], nodes: 2) { stage in
            let settings = QueueSettings(order: QueueOrder(discipline, boost: .seconds(3600)), isStrict: strict)
            _ = try await stage.engine.createQueue(named: "ordered", settings: settings, tenant: stage.tenant)
            _ = try await stage.engine.changeQueue(named: "ordered", tenant: stage.tenant, .paused(true))
            var wanted: [Wanted] = []
            for number in 0..<24 {
                let priority = Int32(number * 7 % 5)
                let deadline = Duration.seconds(60 + number * 11 % 24 * 10)
                let started = try await stage.nodes[number % 2].start(
                    StartCommand(
                        tenant: stage.tenant, workflow: "one", input: Array("{}".utf8), priority: priority,
                        deadline: deadline))
                let key = RunKey(tenant: stage.tenant, run: started.run)
                let created = Self.created(started.run)
                wanted.append(Wanted(key: key, created: created, priority: priority, deadline: deadline))
                // So that no two are of one millisecond.
                try await Task.sleep(for: .milliseconds(2))
            }
            let sorted = wanted.sorted { left, right in
                switch discipline {
                case .fifo: left.created < right.created
                case .lifo: left.created > right.created
                case .priority: (-left.priority, left.created) < (-right.priority, right.created)
                case .deadline: left.created + left.deadline < right.created + right.deadline
                }
            }
            for (number, node) in stage.nodes.enumerated() {
                let worker = TestWorker("w\(number)", session: UInt64(number + 1)) { _ in .finish(Self.success) }
                try await worker.connect(to: node, tenant: stage.tenant, pools: [.init(name: "io", slots: 1)])
            }
            _ = try await stage.engine.changeQueue(named: "ordered", tenant: stage.tenant, .paused(false))
            try await stage.until("all have ended") {
                try await stage.text("SELECT count(*) FROM steps WHERE state = 7", wanted[0].key) == "24"
            }
            let order = try await Self.leased(stage)
            let places = Dictionary(zip(order, 0...)) { first, _ in first }
            if strict {
                #expect(order == sorted.map(\.key.run))
            } else {
                // A claim passes over what another has locked, and its time is that of its beginning: one that the machine
                // lets wait in its middle stands too early, and moves the others by one place.
                let displaced = try sorted.enumerated().count { expected, run in
                    abs(try #require(places[run.key.run]) - expected) > 2
                }
                #expect(
                    displaced <= 3,
                    "\(discipline): \(order.map { run in sorted.firstIndex { $0.key.run == run } ?? -1 })")
            }
        }
    }

    @Test("under a constant load of high priority a step of low priority waits for no step that comes after its bound")
    func bound() async throws {
        try await EngineStage.run([Self.definition], nodes: 2) { stage in
            let boost = Duration.milliseconds(50)
            let settings = QueueSettings(order: QueueOrder(.priority, boost: boost))
            _ = try await stage.engine.createQueue(named: "ordered", settings: settings, tenant: stage.tenant)
            let high: Int32 = 10
            @Sendable func start(_ count: Int, _ priority: Int32, on node: Int) async throws -> [RunID] {
                let commands = (0..<count).map { _ in
                    StartCommand(
                        tenant: stage.tenant, workflow: "one", input: Array("{}".utf8), priority: priority)
                }
                return try await stage.nodes[node].startBatch(commands).map { try $0.get().run }
            }
            let workers = (0..<2).map { TestWorker("w\($0)", session: UInt64($0 + 1)) { _ in .hold } }
            // A backlog first, so that the low one is never the only one.
            _ = try await start(60, high, on: 0)
            let low = try await start(1, 0, on: 1)[0]
            for (worker, node) in zip(workers, stage.nodes) {
                try await worker.connect(to: node, tenant: stage.tenant, pools: [.init(name: "io", slots: 2)])
            }
            let deadline = ContinuousClock.now + .seconds(60)
            var isServed = false
            var turn = 0
            while !isServed, ContinuousClock.now < deadline {
                // More come than are served.
                _ = try await start(8, high, on: turn % 2)
                turn += 1
                for worker in workers {
                    worker.heartbeat()
                    for task in worker.held {
                        worker.finish(task, Self.success)
                        if task.run == low { isServed = true }
                    }
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(isServed)
            try await stage.until("its end is recorded") {
                try await Self.leased(stage).contains(low)
            }
            let order = try await Self.leased(stage)
            let place = try #require(order.firstIndex(of: low))
            let before = order[..<place].map(Self.created)
            let bound = Self.created(low) + .milliseconds(Int64(high) * 50)
            #expect(before.contains { $0 > Self.created(low) }, "the load has overtaken it")
            // A claim under way takes at most as many as there are slots beside it.
            let beyond = before.count { $0 > bound + .milliseconds(1) }
            #expect(beyond <= 4, "\(beyond) of \(before.count) came after the bound and went before it")
            let waiting = try await stage.text("SELECT count(*) FROM ready", RunKey(tenant: stage.tenant, run: low))
            #expect(Int(waiting ?? "") ?? 0 > 10, "the load was constant")
            for worker in workers { worker.cut() }
        }
    }
}
