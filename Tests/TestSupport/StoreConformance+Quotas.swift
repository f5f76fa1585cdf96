internal import Engine
internal import Workflows

extension StoreConformance {
    private static let lease: Duration = .seconds(60)

    private static func holder(_ number: UInt64, lane: Int32 = 0) -> QuotaHolder {
        QuotaHolder(node: SessionID(RunID.Bytes(high: number, low: 7)), lane: lane)
    }

    private static func set(_ limits: [QuotaKind: Int64], _ fixture: StoreFixture) async throws {
        _ = try await fixture.store.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: limits))
    }

    private static func reserve(
        _ demand: Int32, for holder: QuotaHolder, keeping: Int32 = 0, lease: Duration = lease, _ fixture: StoreFixture
    ) async throws -> QuotaGrant {
        try await fixture.store.reserve(
            QuotaRequest(
                tenant: fixture.tenant, resource: .runs(holder, keeping: keeping), demand: demand, lease: lease))
    }

    /// A batch that starts runs, each with one ready step, under a holder.
    private static func starts(
        _ count: Int, by holder: QuotaHolder, hasUnit: Bool = true, idempotency: IdempotencyRecord? = nil,
        _ fixture: StoreFixture
    ) async throws -> CommitBatch {
        var batch = fixture.makeBatch()
        batch.holder = holder
        for _ in 0..<count {
            let key = try await fixture.makeKey()
            batch.starts.append(fixture.start(key, idempotency: idempotency))
            batch.ready.append(fixture.ready(key))
            batch.counted.append(CountedRun(key: key, change: 1, hasUnit: hasUnit))
        }
        return batch
    }

    private static func taken(_ fixture: StoreFixture) async throws -> Int64 {
        try await reserve(0, for: holder(99), fixture).taken
    }

    static func quotaSettings(_ fixture: StoreFixture) async throws {
        let (store, tenant) = (fixture.store, fixture.tenant)
        try expectEqual(try await store.quotas(of: tenant), TenantQuotas(tenant: tenant))
        let first = try await store.setQuotas(
            TenantQuotas(
                tenant: tenant, limits: [.activeRuns: 5, .workers: 0, .logBytes: 1 << 40], softPercent: 50,
                retention: TenantRetention(runDays: 30, logDays: 7)))
        try expectEqual(first.version, 1)
        try expectEqual(first.limits, [.activeRuns: 5, .workers: 0, .logBytes: 1 << 40])
        try expectEqual(first.retention, TenantRetention(runDays: 30, logDays: 7))
        try expectEqual(first.softPercent, 50)
        let second = try await store.setQuotas(TenantQuotas(tenant: tenant, limits: [.submissionsPerSecond: 9]))
        try expectEqual(second.version, 2)
        try expectEqual(try await store.quotas(of: tenant), second)
        for recent in [true, false] {
            try expectEqual(try await store.quotas(recent: recent).filter { $0.tenant == tenant }, [second])
        }
        let none = try await reserve(3, for: holder(1), fixture)
        try expect(none.limit == nil && none.units == 0, "active runs are not limited any more")
    }

    /// Units become runs, ended runs leave places, and the sum is what is granted at most.
    static func quotaOfRuns(_ fixture: StoreFixture) async throws {
        let (one, two) = (holder(1), holder(2))
        try await set([.activeRuns: 5], fixture)
        try expectEqual(try await reserve(3, for: one, fixture), QuotaGrant(units: 3, taken: 3, limit: 5))
        try expectEqual(try await reserve(3, for: two, fixture), QuotaGrant(units: 2, taken: 5, limit: 5))
        try expectEqual(try await reserve(1, for: two, keeping: 2, fixture), QuotaGrant(units: 0, taken: 5, limit: 5))
        let begun = try await starts(3, by: one, fixture)
        try expect(try await fixture.store.commit(begun).excluded.isEmpty)
        try expectEqual(try await taken(fixture), 5)
        try expectEqual(try await fixture.store.usage(of: fixture.tenant, withRuns: true)[.activeRuns], 3)

        // None are left: nothing of the tenant is started, the rest of the batch is.
        let other = try await StoreFixture.make(on: fixture.store)
        var late = try await starts(1, by: one, fixture)
        let strange = try await other.makeKey()
        late.starts.append(other.start(strange))
        late.ready.append(other.ready(strange))
        let refused = try await fixture.store.commit(late)
        try expectEqual(Array(refused.excluded.keys), [late.starts[0].key])
        guard case .overQuota? = refused.excluded.first?.value else { throw Failure("\(refused.excluded)") }

        // A run that ends under another holder leaves a place all the same, with the commit that ends it.
        let session = try await fixture.openSession()
        let fence = try unwrap(try await fixture.claim([session]).first).fence
        var end = fixture.finishBatch(fence)
        end.holder = two
        end.counted = [CountedRun(key: fence.key, change: -1)]
        try expect(try await fixture.store.commit(end).excluded.isEmpty)
        try expectEqual(try await taken(fixture), 4)
        try expectEqual(try await fixture.store.usage(of: fixture.tenant, withRuns: true)[.activeRuns], 2)
        try expectEqual(try await reserve(9, for: one, fixture), QuotaGrant(units: 1, taken: 5, limit: 5))
        try expectEqual(try await fixture.store.recountRuns(of: fixture.tenant), 0)
    }

    /// Blocks end: those of a holder that is gone, and those that a holder has lost on its way.
    static func quotaBlocksReturn(_ fixture: StoreFixture) async throws {
        let (one, two) = (holder(1), holder(2))
        try await set([.activeRuns: 4], fixture)
        try expectEqual(try await reserve(4, for: one, lease: .zero, fixture).units, 4)
        let late = try await starts(1, by: one, fixture)
        try expectEqual(try await fixture.store.commit(late).excluded.count, 1, "the block has expired")
        try expectEqual(try await reserve(4, for: two, fixture).units, 4)
        // Two of them are lost: only two are kept, so two can be had again.
        try expectEqual(try await reserve(3, for: one, fixture).units, 0)
        try expectEqual(try await reserve(0, for: two, keeping: 2, fixture).taken, 2)
        try expectEqual(try await reserve(3, for: one, fixture).units, 2)
        // Far from the limit a holder gets some to spare, near it only what it has use for.
        try await set([.activeRuns: 1604], fixture)
        try expectEqual(try await reserve(1, for: one, keeping: 2, fixture).units, 101)
    }

    /// A start that repeats one is answered as that, however many runs there are.
    static func quotaKnowsRepetitions(_ fixture: StoreFixture) async throws {
        let one = holder(1)
        try await set([.activeRuns: 1], fixture)
        let record = IdempotencyRecord(key: "k", digest: [1], lifetime: .seconds(60))
        _ = try await reserve(1, for: one, fixture)
        let first = try await starts(1, by: one, idempotency: record, fixture)
        try expect(try await fixture.store.commit(first).excluded.isEmpty)
        let again = try await starts(1, by: one, hasUnit: false, idempotency: record, fixture)
        guard
            case .duplicate(first.starts[0].key.run, true)? = try await fixture.store.commit(again).excluded.first?
                .value
        else { throw Failure("the repetition is not known") }
        let fresh = try await starts(
            1, by: one, hasUnit: false, idempotency: IdempotencyRecord(key: "l", digest: [1], lifetime: .seconds(60)),
            fixture)
        guard case .overQuota? = try await fixture.store.commit(fresh).excluded.first?.value else {
            throw Failure("another start is let in")
        }
        try expectEqual(try await taken(fixture), 1)
        // A start that turns out to be a repetition gives its unit back.
        try await set([.activeRuns: 2], fixture)
        _ = try await reserve(1, for: one, fixture)
        _ = try await fixture.store.commit(try await starts(1, by: one, idempotency: record, fixture))
        try expectEqual(try await taken(fixture), 2)
        try expect(try await fixture.store.commit(try await starts(1, by: one, fixture)).excluded.isEmpty)
        try expectEqual(try await fixture.store.usage(of: fixture.tenant, withRuns: true)[.activeRuns], 2)
    }

    /// Runs that were there before the quota, and those whose start or end was not counted, are found.
    static func quotaRecount(_ fixture: StoreFixture) async throws {
        for _ in 0..<3 { try await fixture.startRun() }
        try await set([.activeRuns: 5], fixture)
        try expectEqual(try await taken(fixture), 3)
        try await fixture.startRun()
        try expectEqual(try await taken(fixture), 3, "not counted by its node")
        try expectEqual(try await fixture.store.recountRuns(of: fixture.tenant), 1)
        try expectEqual(try await reserve(9, for: holder(1), fixture), QuotaGrant(units: 1, taken: 5, limit: 5))
        try expectEqual(try await fixture.store.recountRuns(of: fixture.tenant), 0)
    }

    /// A second's worth at once, then as fast as the rate.
    static func quotaOfSubmissions(_ fixture: StoreFixture) async throws {
        func reserve(_ demand: Int32, of tenant: TenantID? = nil) async throws -> QuotaGrant {
            try await fixture.store.reserve(
                QuotaRequest(tenant: tenant ?? fixture.tenant, resource: .submissions, demand: demand, lease: lease))
        }
        try expectEqual(try await reserve(3).limit, nil)
        // So slow that nothing comes back while the test runs.
        try await set([.submissionsPerSecond: 1], fixture)
        try expectEqual(try await reserve(3).units, 1)
        let empty = try await reserve(1)
        try expectEqual(empty.units, 0)
        let pause = try unwrap(empty.retryAfter)
        try expect(pause > .zero && pause <= .seconds(1), "\(pause)")
        let other = try await StoreFixture.make(on: fixture.store)
        try await set([.submissionsPerSecond: 1_000_000], other)
        let spare = try await reserve(10, of: other.tenant)
        try expect(spare.units == 266 && spare.limit == 1_000_000, "\(spare)")
    }

    /// Of a tenant with a quota of concurrent steps, claims of all queues together lease no more.
    static func quotaOfSteps(_ fixture: StoreFixture) async throws {
        let queue = try await fixture.store.queue(named: "second", tenant: fixture.tenant)
        let second = Bucket(tenant: fixture.tenant, queue: queue, route: fixture.bucket.route)
        for bucket in [fixture.bucket, second] {
            for _ in 0..<3 {
                let key = try await fixture.makeKey()
                var batch = fixture.makeBatch()
                batch.starts = [fixture.start(key)]
                var row = fixture.ready(key)
                row.bucket = bucket
                batch.ready = [row]
                _ = try await fixture.store.commit(batch)
            }
        }
        try await set([.concurrentSteps: 4], fixture)
        let session = try await fixture.openSession()
        func claim(_ bucket: Bucket) async throws -> [LeasedTask] {
            try await fixture.store.claim(
                ClaimRequest(
                    buckets: [ClaimBucket(bucket: bucket, lowWater: .min)],
                    slots: Array(repeating: session, count: 9), isGuarded: true, isCounted: true))
        }
        let first = try await claim(fixture.bucket)
        try expectEqual(first.count, 3)
        try expectEqual(try await claim(second).count, 1)
        try expectEqual(try await claim(second).count, 0)
        _ = try await fixture.store.commit(fixture.finishBatch(first[0].fence))
        try expectEqual(try await claim(second).count, 1)
        try expectEqual(try await fixture.store.usage(of: fixture.tenant, withRuns: true)[.concurrentSteps], 4)
        try expectEqual(try await fixture.store.usage(of: fixture.tenant, withRuns: true)[.pendingSteps], 1)
    }

    static func quotaOfWorkersAndDefinitions(_ fixture: StoreFixture) async throws {
        let (store, tenant) = (fixture.store, fixture.tenant)
        func refusal(_ body: () async throws -> Void) async throws -> QuotaKind? {
            do {
                try await body()
                return nil
            } catch let error as StoreError {
                return error.quota
            }
        }
        func apply(_ names: [String], digest: UInt8) async throws {
            _ = try await store.apply(
                names.map { DefinitionRecord(name: $0, canonical: [0x7b, 0x7d], digest: [digest], source: []) },
                tenant: tenant)
        }
        try await set([.workers: 2, .definitions: 2], fixture)
        let first = try await fixture.openSession()
        try expectEqual(try await refusal { _ = try await fixture.openSession() }, nil)
        try expectEqual(try await refusal { _ = try await fixture.openSession() }, .workers)
        try expectEqual(
            try await refusal { _ = try await store.openSession(fixture.record(first), held: []) }, nil,
            "it is there already")
        try await store.closeSession(first)
        try expectEqual(try await refusal { _ = try await fixture.openSession() }, nil)

        // The fixture's own is one.
        try expectEqual(try await refusal { try await apply(["a", "b"], digest: 1) }, .definitions)
        try expectEqual(try await store.usage(of: tenant, withRuns: true)[.definitions], 1, "all or nothing")
        try expectEqual(try await refusal { try await apply(["a"], digest: 1) }, nil)
        try expectEqual(try await refusal { try await apply(["a"], digest: 2) }, nil, "a version is no workflow")
        try expectEqual(try await refusal { try await apply(["b"], digest: 1) }, .definitions)
        try expectEqual(try await store.usage(of: tenant, withRuns: true)[.workers], 2)
    }

    /// Bytes are counted from the runs, then by what nodes tell; of a tenant that has no quota of them, not at all.
    static func quotaOfBytes(_ fixture: StoreFixture) async throws {
        func used(_ kind: QuotaKind) async throws -> Int64? {
            try await fixture.store.usage(of: fixture.tenant, withRuns: false)[kind]
        }
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key, input: #"{"text":"äöü"}"#)]
        batch.ready = [fixture.ready(key)]
        _ = try await fixture.store.commit(batch)
        try expectEqual(try await used(.payloadBytes), nil)
        try await fixture.store.addBytes([fixture.tenant: StoredBytes(payloads: 9, logs: 9)])
        try expectEqual(try await used(.payloadBytes), nil)

        try await set([.payloadBytes: 100], fixture)
        try expectEqual(try await used(.payloadBytes), 17)
        try expectEqual(try await used(.logBytes), nil)
        try await set([.payloadBytes: 100, .logBytes: 100], fixture)
        try expectEqual(try await used(.logBytes), 0)
        try await fixture.store.addBytes([fixture.tenant: StoredBytes(payloads: 5, logs: 7)])
        try expectEqual(try await used(.payloadBytes), 22)
        try expectEqual(try await used(.logBytes), 7)
        try await fixture.store.recountBytes(of: fixture.tenant)
        try expectEqual(try await used(.payloadBytes), 17, "counted anew")
        var ending = fixture.makeBatch()
        ending.advances = [fixture.advance(key, from: 1, to: .succeeded, output: #"{"n":1}"#)]
        ending.drops = [TokenDrop(key: key, expected: 1)]
        _ = try await fixture.store.commit(ending)
        try await fixture.store.recountBytes(of: fixture.tenant)
        try expectEqual(try await used(.payloadBytes), 24)
        try await set([.activeRuns: 1], fixture)
        try expectEqual(try await used(.payloadBytes), nil)
    }

    private struct Failure: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }
}
