public import Engine
public import Workflows

extension MemoryStore {
    public func queues(tenant: TenantID) async throws(StoreError) -> [QueueRecord] {
        await transaction { tables in
            tables.queues.values.filter { queue in
                queue.tenant == tenant
                    && (!tables.deletedQueues.contains(queue.id)
                        || tables.ready.values.contains { $0.row.bucket.queue == queue.id })
            }.sorted { $0.name < $1.name }
        }
    }

    public func queues(_ ids: [QueueID]) async throws(StoreError) -> [QueueRecord] {
        await transaction { tables in ids.compactMap { tables.queues[$0] } }
    }

    public func tenantWeights(_ tenants: [TenantID]) async throws(StoreError) -> [TenantID: Int32] {
        await transaction { tables in
            Dictionary(
                tenants.map { ($0, tables.tenantWeights[$0] ?? QueueSettings.defaultWeight) }, uniquingKeysWith: { $1 })
        }
    }

    public func setWeight(_ weight: Int32, of tenant: TenantID) async throws(StoreError) {
        await transaction { $0.tenantWeights[tenant] = weight }
    }

    public func createQueue(
        named name: String, settings: QueueSettings, tenant: TenantID
    ) async throws(StoreError) -> QueueWrite {
        let id = try await queue(named: name, tenant: tenant)
        return await transaction(seen: Self.seen) { tables in
            guard let record = tables.queues[id] else { return .missing }
            if tables.declaredQueues.contains(id) { return .exists(record) }
            tables.declaredQueues.insert(id)
            tables.deletedQueues.remove(id)
            return .written(tables.write(.settings(settings), to: record))
        }
    }

    public func changeQueue(
        named name: String, tenant: TenantID, _ change: QueueChange, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        await transaction(seen: Self.seen) { tables in
            guard let record = tables.visibleQueue(named: name, tenant: tenant) else { return .missing }
            if let version, version != record.version { return .versionMismatch(current: record.version) }
            return .written(tables.write(change, to: record))
        }
    }

    private static func seen(_ write: QueueWrite) -> StoreTransaction.Call? {
        if case .written(let record) = write { .changeQueue(record) } else { nil }
    }

    public func deleteQueue(
        named name: String, tenant: TenantID, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        await transaction { tables in
            guard var record = tables.visibleQueue(named: name, tenant: tenant) else { return .missing }
            if let version, version != record.version { return .versionMismatch(current: record.version) }
            let tokens =
                tables.ready.values.count { $0.row.bucket.queue == record.id }
                + tables.attempts.values.count { $0.row.bucket.queue == record.id }
                + tables.timers.values.count { $0.row.bucket.queue == record.id }
            guard tokens == 0 else { return .notEmpty(tokens: tokens) }
            record.isPaused = false
            record.isDraining = false
            _ = tables.write(.settings(QueueSettings()), to: record)
            tables.declaredQueues.remove(record.id)
            tables.deletedQueues.insert(record.id)
            return .deleted
        }
    }

    public func reorderedQueues() async throws(StoreError) -> [ReorderedQueue] {
        await transaction { tables in
            tables.reordered.compactMap { id, at in
                tables.queues[id].map { ReorderedQueue(queue: $0, age: tables.now - at) }
            }
        }
    }

    public func tokens(of queue: QueueID, after: HeldAttempt?, limit: Int) async throws(StoreError) -> [RankedToken] {
        await transaction { tables in
            let rows =
                tables.ready.values.map(\.row) + tables.attempts.values.map(\.row) + tables.timers.values.map(\.row)
                + tables.held.values.map(\.row)
            return rows.filter { $0.bucket.queue == queue }
                .sorted { ($0.key.tenant, $0.key.run, $0.step) < ($1.key.tenant, $1.key.run, $1.step) }
                .filter { row in
                    after.map { ($0.key.tenant, $0.key.run, $0.step) < (row.key.tenant, row.key.run, row.step) } ?? true
                }
                .prefix(limit).compactMap { row in
                    tables.runs[row.key].map { run in
                        RankedToken(key: row.key, step: row.step, rank: row.rank, flow: run.flow, urgency: run.urgency)
                    }
                }
        }
    }

    public func setRanks(_ ranks: [RankedToken], queue: QueueID) async throws(StoreError) -> [ReadyBucket] {
        await transaction(seen: { _ in .setRanks(ranks) }) { tables in
            var lowest: [Bucket: Rank] = [:]
            for token in ranks {
                let key = MemoryTables.TokenKey(run: token.key, step: token.step)
                tables.attempts[key]?.row.rank = token.rank
                tables.timers[key]?.row.rank = token.rank
                if token.step >= 0 { tables.held[key]?.row.rank = token.rank }
                guard let bucket = tables.ready[key]?.row.bucket, bucket.queue == queue else { continue }
                tables.ready[key]?.row.rank = token.rank
                lowest[bucket] = min(lowest[bucket] ?? .max, token.rank)
            }
            for (bucket, rank) in lowest { tables.wake(bucket, rank: rank) }
            return lowest.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) }
        }
    }

    public func finishReordering(_ queue: QueueID, version: Int64) async throws(StoreError) {
        await transaction { tables in if tables.queues[queue]?.version == version { tables.reordered[queue] = nil } }
    }
}

extension MemoryTables {
    /// One that was not deleted, or is in use again since.
    func visibleQueue(named name: String, tenant: TenantID) -> QueueRecord? {
        queues.values.first { queue in
            queue.tenant == tenant && queue.name == name
                && (!deletedQueues.contains(queue.id) || ready.values.contains { $0.row.bucket.queue == queue.id })
        }
    }

    mutating func write(_ change: QueueChange, to record: QueueRecord) -> QueueRecord {
        var changed = record
        changed.version += 1
        switch change {
        case .paused(let paused): changed.isPaused = paused
        case .draining(let draining): changed.isDraining = draining
        case .settings(let settings): changed.settings = settings
        }
        if changed.settings.order != record.settings.order { reordered[record.id] = now }
        queues[record.id] = changed
        note(queue: record.id, tenant: record.tenant)
        return changed
    }

    /// Nothing is handed out of the bucket now, or not without the queue's lock.
    func isClosed(_ bucket: Bucket, isGuarded: Bool?) -> Bool {
        guard let queue = queues[bucket.queue] else { return true }
        return queue.isPaused || isGuarded.map { queue.settings.isGuarded != $0 } ?? false || shut(bucket) != nil
    }

    /// The same of a claim: one of probes passes by no queue's kind, and only by its own breaker.
    func isClosed(_ bucket: Bucket, _ request: ClaimRequest) -> Bool {
        guard let breaker = request.breaker else {
            return isClosed(bucket, isGuarded: request.isCounted ? nil : request.isGuarded)
        }
        return queues[bucket.queue]?.isPaused ?? true || shut(bucket)?.id != breaker
    }

    /// How many attempts more the queue may have.
    func places(in queue: QueueID) -> Int {
        guard let limit = queues[queue]?.settings.concurrency else { return .max }
        return max(0, Int(limit) - attempts.values.count { $0.row.bucket.queue == queue })
    }
}
