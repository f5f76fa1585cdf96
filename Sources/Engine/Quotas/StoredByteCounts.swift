import Synchronization
import Workflows

/// What this node has stored of tenants whose bytes are limited and not told the store yet. Other tenants cost a look at
/// a flag.
final class StoredByteCounts: Sendable {
    private struct State {
        var counted: Set<TenantID> = []
        var pending: [TenantID: StoredBytes] = [:]
        /// The store is being told, and its new count is not known yet.
        var told: [TenantID: StoredBytes] = [:]
    }

    private let state = Mutex(State())
    private let isAnyCounted = Atomic(false)

    /// Whose bytes are counted from now on.
    func setCounted(_ tenants: Set<TenantID>) {
        state.withLock { state in
            state.counted = tenants
            state.pending = state.pending.filter { tenants.contains($0.key) }
            state.told = state.told.filter { tenants.contains($0.key) }
        }
        isAnyCounted.store(!tenants.isEmpty, ordering: .relaxed)
    }

    /// Counts what a commit has written.
    func note(_ batch: CommitBatch, excluded: [RunKey: CommitOutcome.Exclusion]) {
        guard isAnyCounted.load(ordering: .relaxed) else { return }
        let counted = state.withLock { $0.counted }
        var bytes: [TenantID: Int64] = [:]
        func weigh(_ key: RunKey, _ count: Int) {
            guard count > 0, counted.contains(key.tenant), excluded[key] == nil else { return }
            bytes[key.tenant, default: 0] += Int64(count)
        }
        for start in batch.starts { weigh(start.key, start.input.count + (start.ending?.output?.count ?? 0)) }
        for advance in batch.advances { weigh(advance.key, advance.ending?.output?.count ?? 0) }
        for row in batch.transitions { weigh(row.key, row.transition.output?.count ?? 0) }
        for (tenant, count) in bytes { add(StoredBytes(payloads: count), of: tenant) }
    }

    /// Counts what is about to be stored of a log.
    func noteLog(_ count: Int, of tenant: TenantID) {
        guard isAnyCounted.load(ordering: .relaxed) else { return }
        add(StoredBytes(logs: Int64(count)), of: tenant)
    }

    private func add(_ bytes: StoredBytes, of tenant: TenantID) {
        state.withLock { state in
            if state.counted.contains(tenant) { state.pending[tenant, default: StoredBytes()] += bytes }
        }
    }

    /// What the store's last known count may lack.
    func pending(of tenant: TenantID) -> StoredBytes {
        state.withLock { state in
            var sum = state.pending[tenant] ?? StoredBytes()
            sum += state.told[tenant] ?? StoredBytes()
            return sum
        }
    }

    /// What is to be told the store. Afterwards call `putBack` if that has failed, or `settle` when the new count is known.
    func take() -> [TenantID: StoredBytes] {
        guard isAnyCounted.load(ordering: .relaxed) else { return [:] }
        return state.withLock { state in
            for (tenant, bytes) in state.pending { state.told[tenant, default: StoredBytes()] += bytes }
            defer { state.pending = [:] }
            return state.pending
        }
    }

    func putBack(_ taken: [TenantID: StoredBytes]) {
        state.withLock { state in
            for (tenant, bytes) in taken {
                state.pending[tenant, default: StoredBytes()] += bytes
                state.told[tenant, default: StoredBytes()] += StoredBytes(payloads: -bytes.payloads, logs: -bytes.logs)
            }
        }
    }

    /// The store's count of the tenant has what it was told.
    func settle(_ tenant: TenantID) { state.withLock { $0.told[tenant] = nil } }
}
