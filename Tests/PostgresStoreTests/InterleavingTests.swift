import Engine
import Postgres
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Workflows

/// One transaction is stopped right before its commit, another runs against it, then the first goes on: for every pair
/// of moves and both orders. Afterwards tokens are conserved and the run can be brought to its end.
@Suite("PostgresStore: interleavings", .serialized, .timeLimit(.minutes(5)))
struct InterleavingTests {
    @Test("A stopped move against every other", arguments: Move.allCases)
    func interleave(stopped: Move) async throws {
        let database = try await StoreDatabase.make()
        let gate = try await CommitGate.make(in: database)
        for other in Move.allCases {
            let scene = try await Scene.make(on: database.store)
            try await gate.close()
            let first = Running { try await scene.perform(stopped, on: gate.gated) }
            try await gate.waitUntilStopped(first)
            let second = Running { try await scene.perform(other, on: database.store) }
            try await gate.waitUntilBlocked(second)
            try await gate.open()
            try await first.wait()
            try await second.wait()
            let between = try await database.store.auditTokens()
            #expect(between.isEmpty, "\(stopped) then \(other): \(between)")
            try await scene.settle(on: database.store)
            let after = try await database.store.auditTokens()
            #expect(after.isEmpty, "\(stopped) then \(other), at the end: \(after)")
            try await scene.check(on: database.store, "\(stopped) then \(other)")
        }
        try await gate.discard()
        try await database.discard()
    }
}

/// What can happen to a run.
enum Move: String, CaseIterable, Sendable {
    case start, claim, fastPath, finish, lateFinish, cancel, rescue, heartbeat, timer, release, reopen
}

/// Holds the commits of one store back: a deferred trigger waits, at commit, for a lock that the test holds.
struct CommitGate {
    let gated: PostgresStore
    private let keeper: PostgresConnection
    private let watcher: PostgresConnection

    static func make(in database: StoreDatabase) async throws -> CommitGate {
        let keeper = try await database.connect()
        try await keeper.run(
            script: """
                CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF current_setting('beamline.gate', true) = 'on' THEN
                        PERFORM pg_advisory_xact_lock_shared(99);
                    END IF;
                    RETURN NULL;
                END $$;
                CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON events
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate();
                CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE OR DELETE ON worker_sessions
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate();
                """)
        var options = database.cluster.options(database: database.name)
        options.settings["beamline.gate"] = "on"
        return CommitGate(
            gated: try await PostgresStore.open(PostgresStore.Configuration(postgres: options)), keeper: keeper,
            watcher: try await database.connect())
    }

    func close() async throws { try await keeper.query("SELECT pg_advisory_lock(99)") }
    func open() async throws { try await keeper.query("SELECT pg_advisory_unlock(99)") }

    /// Until the move stands at the gate, or is over because it had nothing to commit.
    func waitUntilStopped(_ move: Running) async throws {
        try await wait(move) {
            try await watcher.query(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 99 AND NOT granted"
            ).decode(row: 0, column: 0, as: Int64.self) >= 1
        }
    }

    /// Until the move is over or waits for the stopped one.
    func waitUntilBlocked(_ move: Running) async throws {
        try await wait(move) {
            try await watcher.query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
                """
            ).decode(row: 0, column: 0, as: Int64.self) >= 2
        }
    }

    func discard() async throws {
        await gated.close()
        await keeper.close()
        await watcher.close()
    }

    private func wait(_ move: Running, _ condition: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(20)
        while !move.isOver {
            if try await condition() { return }
            guard ContinuousClock.now < limit else { throw Unmet(description: "a move neither ended nor waited") }
        }
    }
}

/// A move under way.
final class Running: Sendable {
    private let task: Task<Void, any Error>
    private let over: Flag

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    init(_ body: @escaping @Sendable () async throws -> Void) {
        let flag = Flag()
        over = flag
        task = Task {
            defer { flag.value.store(true, ordering: .releasing) }
            try await body()
        }
    }

    var isOver: Bool { over.value.load(ordering: .acquiring) }

    func wait() async throws { try await task.value }
}

/// A run with a token of every kind, and a tiny engine for it: steps 0 and 3 are leased, 0 to a live session and 3 to a
/// dead one, 1 is ready, and 2 has a timer that is due. Step 4 becomes live when `fastPath` records step 5.
private struct Scene: Sendable {
    let fixture: StoreFixture
    let key: RunKey
    /// A run that `start` starts, on both sides under one idempotency key.
    let fresh: RunKey
    let live: SessionID
    let dead: SessionID

    static func make(on store: PostgresStore) async throws -> Scene {
        let fixture = try await StoreFixture.make(on: store)
        let scene = Scene(
            fixture: fixture, key: try await fixture.makeKey(), fresh: try await fixture.makeKey(),
            live: try await fixture.openSession(lease: .seconds(600)), dead: try await fixture.openSession(lease: .zero)
        )
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(scene.key)]
        batch.ready = [
            fixture.ready(scene.key, step: 0, rank: 100, lease: scene.live),
            fixture.ready(scene.key, step: 1, rank: 101),
            fixture.ready(scene.key, step: 3, rank: 99, lease: scene.dead),
        ]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(scene.key, step: 2, rank: 102)), delay: .zero),
            TimerRow(kind: .runDeadline(scene.key), delay: .seconds(600)),
        ]
        let outcome = try await store.commit(batch)
        try expectEqual(Set(outcome.leased.map(\.fence.step)), [0, 3])
        return scene
    }

    func perform(_ move: Move, on store: PostgresStore) async throws {
        switch move {
        case .start:
            let own = RunKey(tenant: fresh.tenant, run: RunID(StoreFixture.randomBytes()))
            var batch = fixture.makeBatch()
            batch.starts = [
                fixture.start(own, idempotency: IdempotencyRecord(key: "once", digest: [1], lifetime: .seconds(60)))
            ]
            batch.ready = [fixture.ready(own, rank: 200)]
            _ = try await store.commit(batch)
        case .claim:
            _ = try await store.claim(
                ClaimRequest(buckets: [ClaimBucket(bucket: fixture.bucket, lowWater: .min)], slots: [live, live]))
        case .fastPath:
            try await commit(on: store) { record in
                guard !record.transitions.contains(where: { $0.step == 5 }) else { return nil }
                var batch = fixture.makeBatch()
                batch.advances = [fixture.advance(key, from: record.revision)]
                batch.transitions = [
                    fixture.transition(key, revision: record.revision + 1, step: 5, attempt: 0, state: .skipped)
                ]
                batch.ready = [fixture.ready(key, step: 4, rank: 1, lease: live)]
                return batch
            }
        case .finish:
            try await finish(AttemptFence(key: key, step: 0, attempt: 1, session: live), on: store)
        case .lateFinish:
            try await finish(AttemptFence(key: key, step: 3, attempt: 1, session: dead), on: store)
        case .cancel:
            try await commit(on: store) { record in
                var batch = fixture.makeBatch()
                batch.advances = [fixture.advance(key, from: record.revision, to: .cancelled)]
                batch.drops = [TokenDrop(key: key, expected: liveSteps(record).count)]
                return batch
            }
        case .rescue:
            _ = try await store.rescue(limit: 100)
        case .heartbeat:
            let renewed = try await store.renewSessions([live, dead], lease: .seconds(600))
            try expect(!renewed.contains(dead), "a dead session was revived")
        case .timer:
            _ = try await store.fireTimers(limit: 100)
        case .release:
            _ = try await store.release([AttemptFence(key: key, step: 0, attempt: 1, session: live)])
        case .reopen:
            // The worker of the live session holds nothing, that of the dead one says that it holds its attempt.
            _ = try await store.openSession(fixture.record(live, lease: .seconds(600)), held: [])
            _ = try await store.openSession(
                fixture.record(dead, lease: .zero), held: [HeldAttempt(key: key, step: 3, attempt: 1)])
        }
    }

    /// Brings both runs to their ends as an engine would.
    func settle(on store: PostgresStore) async throws {
        for _ in 0..<10 {
            _ = try await store.rescue(limit: 100)
            _ = try await store.fireTimers(limit: 100)
            // Whatever is leased is given back, so that this one worker runs all of it.
            _ = try await store.openSession(fixture.record(live, lease: .seconds(600)), held: [])
            let tasks = try await store.claim(
                ClaimRequest(
                    buckets: [ClaimBucket(bucket: fixture.bucket, lowWater: .min)],
                    slots: Array(repeating: live, count: 10)))
            if tasks.isEmpty { return }
            for task in tasks { try await finish(task.fence, on: store) }
        }
        throw Unmet(description: "the run does not come to its end")
    }

    /// The run has ended, and no step succeeded twice.
    func check(on store: PostgresStore, _ pair: String) async throws {
        let record = try unwrap(try await store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        #expect(record.state.isEnded, "\(pair): the run is \(record.state)")
        var successes: [Int32: Int] = [:]
        for transition in record.transitions where transition.state == .succeeded {
            successes[transition.step, default: 0] += 1
        }
        #expect(successes.values.allSatisfy { $0 == 1 }, "\(pair): \(successes)")
        if record.state == .succeeded {
            #expect(Set(successes.keys).isSuperset(of: [0, 1, 2, 3]), "\(pair): \(successes)")
        }
    }

    private func liveSteps(_ record: RunRecord) -> Set<Int32> {
        var steps: Set<Int32> = [0, 1, 2, 3]
        for transition in record.transitions where transition.step == 5 { steps.insert(4) }
        for transition in record.transitions where transition.state == .succeeded { steps.remove(transition.step) }
        return steps
    }

    private func finish(_ fence: AttemptFence, on store: PostgresStore) async throws {
        try await commit(fence.key, on: store) { record in
            let alive = fence.key == key ? liveSteps(record) : [0]
            var batch = fixture.makeBatch()
            let ends = alive == [fence.step]
            batch.advances = [fixture.advance(fence.key, from: record.revision, to: ends ? .succeeded : .running)]
            batch.finishes = [fence]
            batch.transitions = [
                fixture.transition(
                    fence.key, revision: record.revision + 1, step: fence.step, attempt: fence.attempt,
                    session: fence.session)
            ]
            return batch
        }
    }

    /// Applies a command to the committed state until it is written, stale, or pointless.
    private func commit(
        _ run: RunKey? = nil, on store: PostgresStore, _ make: (RunRecord) -> CommitBatch?
    ) async throws {
        let run = run ?? key
        for _ in 0..<20 {
            let record = try unwrap(try await store.loadRuns([RunLoad(key: run, knownRevision: nil)]).first)
            guard !record.state.isEnded, let batch = make(record) else { return }
            switch try await store.commit(batch).excluded[run] {
            case nil, .staleFences: return
            case .lostRace: continue
            case .duplicate, .refused, .conflict, .throttled, .overQuota:
                throw Unmet(description: "an advance was refused")
            }
        }
        throw Unmet(description: "a command loses every race")
    }
}
