import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// What takes or gives places in queues and slots of limits, each stopped right before its commit while every other runs
/// against it. Afterwards no limit is exceeded, nobody waits with a free slot, and everything comes to its end.
@Suite("PostgresStore: interleavings of queues and limits", .serialized, .timeLimit(.minutes(5)))
struct QueueInterleavingTests {
    @Test("A stopped move against every other", arguments: QueueMove.allCases)
    func interleave(stopped: QueueMove) async throws {
        let database = try await StoreDatabase.make()
        let gate = try await CommitGate.make(in: database)
        for other in QueueMove.allCases {
            let pair = "\(stopped) then \(other)"
            let scene = try await QueueScene.make(on: database.store)
            try await gate.close()
            let first = Running { try await scene.perform(stopped, as: 0, on: gate.gated) }
            try await gate.waitUntilStopped(first)
            let second = Running { try await scene.perform(other, as: 1, on: database.store) }
            try await gate.waitUntilBlocked(second)
            try await gate.open()
            try await first.wait()
            try await second.wait()
            try await scene.check(on: database, pair)
            try await scene.settle(on: database.store)
            try await scene.check(on: database, "\(pair), at the end")
        }
        try await gate.discard()
        try await database.discard()
    }
}

/// What can happen to a queue and a limit.
enum QueueMove: String, CaseIterable, Sendable {
    case arrival, finish, cancel, retry, rescue, raise, lower
    case queuedRun, endOfRun
    case guardedClaim, openClaim, queueLimit, pause, fastPath, rerank
}

/// Two limits with one slot each (of steps, of runs), a queue with a limit of two, and runs that compete for them.
private struct QueueScene: Sendable {
    let fixture: StoreFixture
    let live: SessionID
    let dead: SessionID
    let stepLimit: Limit
    let runLimit: Limit
    /// The bucket of a queue with a limit of two places.
    let narrow: Bucket
    /// Has the slot of the step limit, leased.
    let holder: RunKey
    /// Wait for it.
    let waiting: [RunKey]
    /// Leased to the dead session, with a slot of a limit of its own.
    let lost: RunKey
    /// Has the slot of the run limit, not started.
    let admitted: RunKey
    let inNarrow: [RunKey]

    private static let slots = 2

    static func make(on store: PostgresStore) async throws -> QueueScene {
        let fixture = try await StoreFixture.make(on: store)
        let live = try await fixture.openSession(lease: .seconds(600))
        let dead = try await fixture.openSession(lease: .zero)
        let stepLimit = fixture.limit(.step, "step", slots: 1)
        let runLimit = fixture.limit(.run, "run", slots: 1)
        guard
            case .written(let queue) = try await store.createQueue(
                named: "narrow", settings: QueueSettings(concurrency: 2), tenant: fixture.tenant)
        else { throw Unmet(description: "no queue") }
        let narrow = Bucket(tenant: fixture.tenant, queue: queue.id, route: fixture.bucket.route)
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for _ in 0..<9 {
            let key = try await fixture.makeKey()
            keys.append(key)
            batch.starts.append(fixture.start(key))
        }
        for key in keys[0..<3] { batch.held.append(HeldRow(token: fixture.ready(key), limit: stepLimit)) }
        let own = fixture.limit(.step, "own", slots: 1)
        batch.held.append(HeldRow(token: fixture.ready(keys[3]), limit: own))
        (batch.starts[4].state, batch.starts[4].revision) = (.queued, 0)
        batch.held.append(Self.queued(keys[4], fixture, runLimit))
        for key in keys[5...] {
            var row = fixture.ready(key)
            row.bucket = narrow
            batch.ready.append(row)
        }
        _ = try await store.commit(batch)
        let scene = QueueScene(
            fixture: fixture, live: live, dead: dead, stepLimit: stepLimit, runLimit: runLimit, narrow: narrow,
            holder: keys[0], waiting: Array(keys[1..<3]), lost: keys[3], admitted: keys[4], inNarrow: Array(keys[5...]))
        // The holder's and the lost run's tokens are leased, by rank.
        let leased = try await store.claim(
            ClaimRequest(buckets: [ClaimBucket(bucket: fixture.bucket, lowWater: .min)], slots: [live, dead]))
        try expectEqual(leased.map(\.fence.key), [keys[0], keys[3]])
        // One of the two places of the narrow queue is taken.
        let first = try await store.claim(
            ClaimRequest(buckets: [ClaimBucket(bucket: narrow, lowWater: .min)], slots: [live], isGuarded: true))
        try expectEqual(first.count, 1)
        return scene
    }

    private static func queued(_ key: RunKey, _ fixture: StoreFixture, _ limit: Limit) -> HeldRow {
        var token = fixture.ready(key, step: HeldRow.run)
        token.bucket = Bucket(tenant: key.tenant, queue: QueueID(0), route: .any)
        return HeldRow(token: token, limit: limit)
    }

    func perform(_ move: QueueMove, as side: Int, on store: PostgresStore) async throws {
        switch move {
        case .arrival:
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key)]
            batch.held = [HeldRow(token: fixture.ready(key), limit: stepLimit)]
            _ = try await store.commit(batch)
        case .finish:
            _ = try await store.commit(finishing(AttemptFence(key: holder, step: 0, attempt: 1, session: live)))
        case .cancel:
            _ = try await store.commit(cancelling(waiting[side], revision: 1, expected: 1))
        case .retry:
            var batch = fixture.makeBatch()
            batch.advances = [fixture.advance(holder, from: 1)]
            batch.finishes = [AttemptFence(key: holder, step: 0, attempt: 1, session: live)]
            batch.releases = [LimitRelease(key: holder, step: 0, limit: stepLimit.id)]
            batch.transitions = [fixture.transition(holder, revision: 2, state: .scheduled)]
            let row = fixture.ready(holder, attempt: 1)
            batch.timers = [TimerRow(kind: .token(row), delay: .zero, limit: stepLimit)]
            _ = try await store.commit(batch)
            let fired = try await store.fireTimers(limit: 100)
            _ = try await store.admit(fired.limits)
        case .rescue: _ = try await store.rescue(limit: 100)
        case .raise, .lower:
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key)]
            let slots: Int32 = move == .raise ? 3 : 0
            let limit = fixture.limit(.step, "step", slots: slots, newer: Int64(side + 1))
            batch.held = [HeldRow(token: fixture.ready(key), limit: limit)]
            _ = try await store.commit(batch)
        case .queuedRun:
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            var start = fixture.start(key)
            (start.state, start.revision) = (.queued, 0)
            batch.starts = [start]
            batch.held = [Self.queued(key, fixture, runLimit)]
            _ = try await store.commit(batch)
        case .endOfRun:
            var batch = cancelling(admitted, revision: 0, expected: 0)
            batch.releases = [LimitRelease(key: admitted, step: HeldRow.run, limit: runLimit.id)]
            _ = try await store.commit(batch)
        case .guardedClaim: _ = try await claimNarrow(on: store, isGuarded: true)
        case .openClaim: _ = try await claimNarrow(on: store, isGuarded: false)
        case .queueLimit:
            _ = try await store.changeQueue(
                named: "narrow", tenant: fixture.tenant,
                .settings(QueueSettings(weight: Int32(side + 5), concurrency: 2)),
                ifVersion: nil)
        case .pause:
            _ = try await store.changeQueue(named: "narrow", tenant: fixture.tenant, .paused(true), ifVersion: nil)
            // Whoever claims after the pause was answered gets nothing.
            try expectEqual(try await claimNarrow(on: store, isGuarded: true).count, 0)
        case .fastPath:
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key)]
            var row = fixture.ready(key, rank: 1, lease: live)
            row.bucket = narrow
            batch.ready = [row]
            try expect(try await store.commit(batch).leased.isEmpty, "a queue with a limit has no fast path")
        case .rerank:
            let tokens =
                try await store.tokens(of: narrow.queue, after: nil, limit: 100)
                + (try await store.tokens(of: fixture.bucket.queue, after: nil, limit: 100))
            for queue in [narrow.queue, fixture.bucket.queue] {
                let turned = tokens.map { token in
                    var token = token
                    token.rank = -token.rank
                    return token
                }
                _ = try await store.setRanks(turned, queue: queue)
            }
        }
    }

    /// Neither tokens nor limits are broken, and the queue's limit holds.
    func check(on database: StoreDatabase, _ moment: String) async throws {
        let violations = try await database.store.auditTokens().filter {
            // Lowered while somebody had the slot: he keeps it.
            !$0.rule.hasPrefix("limit has more holders")
        }
        #expect(violations.isEmpty, "\(moment): \(violations)")
        let connection = try await database.connect()
        let running = try await connection.query("SELECT count(*) FROM attempts WHERE queue = \(narrow.queue.value)")
            .decode(row: 0, column: 0, as: Int64.self)
        await connection.close()
        #expect(running <= Self.slots, "\(moment): \(running) attempts in a queue with 2 places")
    }

    /// Brings everything to its end as an engine would.
    func settle(on store: PostgresStore) async throws {
        // A lowered limit would keep what waits for ever.
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.held = [HeldRow(token: fixture.ready(key), limit: fixture.limit(.step, "step", slots: 1, newer: 9))]
        _ = try await store.commit(batch)
        _ = try await store.changeQueue(named: "narrow", tenant: fixture.tenant, .paused(false), ifVersion: nil)
        for _ in 0..<20 {
            _ = try await store.rescue(limit: 100)
            _ = try await store.admit(try await store.fireTimers(limit: 100).limits)
            for message in try await store.readInbox(limit: 100, olderThan: .zero)
            where message.id.key.tenant == fixture.tenant {
                var start = fixture.makeBatch()
                let record = try unwrap(
                    try await store.loadRuns([RunLoad(key: message.id.key, knownRevision: nil)]).first)
                start.appliedInbox = [message.id]
                if record.state == .queued {
                    start.advances = [fixture.advance(message.id.key, from: 0, to: .cancelled)]
                    start.drops = [TokenDrop(key: message.id.key, expected: 0)]
                    start.releases = [LimitRelease(key: message.id.key, step: HeldRow.run, limit: runLimit.id)]
                }
                _ = try await store.commit(start)
            }
            _ = try await store.openSession(fixture.record(live, lease: .seconds(600)), held: [])
            let open = try await store.claim(
                ClaimRequest(
                    buckets: [ClaimBucket(bucket: fixture.bucket, lowWater: .min)],
                    slots: Array(repeating: live, count: 10)))
            let tasks = open + (try await claimNarrow(on: store, isGuarded: true))
            for task in tasks { _ = try await store.commit(finishing(task.fence, on: store)) }
            let left = try await store.readyBuckets().filter { $0.bucket.tenant == fixture.tenant }
            if tasks.isEmpty, left.isEmpty { return }
        }
        throw Unmet(description: "something never ends")
    }

    private func claimNarrow(on store: PostgresStore, isGuarded: Bool) async throws -> [LeasedTask] {
        try await store.claim(
            ClaimRequest(
                buckets: [ClaimBucket(bucket: narrow, lowWater: .min)], slots: Array(repeating: live, count: 4),
                isGuarded: isGuarded))
    }

    private func cancelling(_ key: RunKey, revision: Int64, expected: Int) -> CommitBatch {
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: revision, to: .cancelled)]
        batch.drops = [TokenDrop(key: key, expected: expected)]
        batch.releases = [LimitRelease(key: key, step: 0, limit: stepLimit.id)]
        return batch
    }

    private func finishing(_ fence: AttemptFence) -> CommitBatch {
        var batch = fixture.finishBatch(fence)
        batch.releases = [LimitRelease(key: fence.key, step: 0, limit: stepLimit.id)]
        return batch
    }

    private func finishing(_ fence: AttemptFence, on store: PostgresStore) async throws -> CommitBatch {
        let record = try unwrap(try await store.loadRuns([RunLoad(key: fence.key, knownRevision: nil)]).first)
        var batch = fixture.finishBatch(fence, revision: record.revision)
        batch.releases = [LimitRelease(key: fence.key, step: 0, limit: stepLimit.id)]
        return batch
    }
}
