internal import Engine
internal import Workflows

extension StoreConformance {
    /// Each place of a token, and what stands in its way.
    static func evidence(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let key = try await fixture.makeKey()
        let other = try await fixture.makeKey()
        let limit = fixture.limit(.step, "disk", slots: 1)
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key), fixture.start(other)]
        batch.ready = [fixture.ready(other, step: 0, rank: 10), fixture.ready(key, step: 0, rank: 20)]
        batch.held = [
            HeldRow(token: fixture.ready(other, step: 1, rank: 30), limit: limit),
            HeldRow(token: fixture.ready(other, step: 2, rank: 40), limit: limit),
            HeldRow(token: fixture.ready(key, step: 1, rank: 50), limit: limit),
        ]
        batch.timers = [TimerRow(kind: .token(fixture.ready(key, step: 2)), delay: .seconds(3600))]
        _ = try await store.commit(batch)

        var found = try await store.evidence(of: key)
        try expectEqual(found.map(\.step), [0, 1, 2])
        guard case .ready(let ready) = found[0].place, case .held(let held?) = found[1].place,
            case .scheduled(let due, nil) = found[2].place
        else { throw Unmet(description: "\(found)") }
        try expectEqual(ready.queue.name, "default")
        try expectEqual(ready.pool, "io")
        try expect(ready.taskType.hasPrefix("noop-"))
        try expectEqual([ready.ahead, ready.running, ready.workers], [1, 0, 0])
        try expectEqual(held.name, "disk")
        try expectEqual(held.slots, 1)
        try expectEqual(held.holders.map(\.run), [other.run])
        try expectEqual(held.holders.map(\.step), [1])
        try expectEqual(held.ahead, 1)
        try expect(due > (try await store.now()))

        _ = try await store.changeQueue(
            named: "default", tenant: fixture.tenant, .settings(QueueSettings(concurrency: 2)), ifVersion: nil)
        let session = try await fixture.openSession()
        try expectEqual(try await fixture.claim([session], isGuarded: true).map(\.fence.key), [other])
        found = try await store.evidence(of: key)
        guard case .ready(let next) = found[0].place else { throw Unmet(description: "\(found)") }
        try expectEqual([next.ahead, next.running, next.workers], [0, 1, 1])
        try expectEqual(next.queue.settings.concurrency, 2)
        try expectEqual(next.quota, nil)
        _ = try await store.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.concurrentSteps: 1]))
        guard case .ready(let last)? = try await store.evidence(of: key).first?.place else {
            throw Unmet(description: "not ready")
        }
        try expectEqual(last.quota, QuotaUse(kind: .concurrentSteps, used: 1, limit: 1))
        guard case .leased(let worker, _)? = try await store.evidence(of: other).first?.place else {
            throw Unmet(description: "not leased")
        }
        try expectEqual(worker, "worker")
    }
}
