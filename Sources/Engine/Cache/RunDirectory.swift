import Logging
import Telemetry
import Workflows

/// Finds runs in memory and loads those that are not there. Each lane has a cache of its own; a run's lane follows from
/// its id.
final class RunDirectory: Sendable {
    private let store: any Store
    private let plans: PlanCache
    private let caches: [RunCache]
    private let metrics: EngineMetrics
    private let logger: Logger

    init(
        store: any Store, plans: PlanCache, lanes: Int, bytes: Int, metrics: EngineMetrics, logger: Logger
    ) {
        self.logger = logger
        self.store = store
        self.plans = plans
        self.metrics = metrics
        caches = (0..<lanes).map { _ in RunCache(bytes: bytes / lanes) }
    }

    static func lane(of key: RunKey, count: Int) -> Int {
        Int(truncatingIfNeeded: key.run.bytes.low % UInt64(count))
    }

    func cache(of key: RunKey) -> RunCache { caches[Self.lane(of: key, count: caches.count)] }

    var cachedRuns: Int { caches.reduce(0) { $0 + $1.count } }
    var cachedBytes: Int { caches.reduce(0) { $0 + $1.bytes } }

    /// `nil` when the definition is gone or does not compile any more: one such run must not stop the others.
    private func flow(of record: RunRecord) async throws(StoreError) -> FlowPlan? {
        do {
            return try await plans.plan(record.flow)
        } catch {
            guard case .refused(let code, let detail) = error else { throw error }
            logger.error(
                "a run's definition cannot be used",
                metadata: ["run_id": "\(record.key.run)", "code": "\(code)", "detail": "\(detail)"])
            return nil
        }
    }

    /// A run as the store has it now, whatever is in memory.
    func fresh(_ key: RunKey) async throws(StoreError) -> RunEntry? {
        try await fresh([key])[key]
    }

    /// Runs as the store has them now, by one look; those that do not exist are missing in the answer.
    func fresh(_ keys: Set<RunKey>) async throws(StoreError) -> [RunKey: RunEntry] {
        guard !keys.isEmpty else { return [:] }
        metrics.runLoads.add(UInt64(keys.count))
        var entries: [RunKey: RunEntry] = [:]
        for record in try await store.loadRuns(keys.map { RunLoad(key: $0, knownRevision: nil) }) {
            guard let flow = try await flow(of: record) else { continue }
            entries[record.key] = RunEntry(record, flow: flow)
        }
        return entries
    }

    /// Runs that were looked for.
    struct Found {
        /// Those that exist.
        var entries: [RunKey: RunEntry] = [:]
        /// Those that were not in memory: no older than this look. The others may have been advanced by other nodes.
        var loaded: Set<RunKey> = []
    }

    /// The named runs; those that do not exist are missing in the answer.
    func find(_ keys: some Collection<RunKey>) async throws(StoreError) -> Found {
        var found = Found()
        var missing: Set<RunKey> = []
        for key in keys {
            if let entry = cache(of: key)[key] {
                found.entries[key] = entry
            } else {
                missing.insert(key)
            }
        }
        try await load(missing, into: &found)
        return found
    }

    /// As they are in the store now, or newer.
    private func load(_ keys: Set<RunKey>, into found: inout Found) async throws(StoreError) {
        for (key, entry) in try await fresh(keys) {
            found.loaded.insert(key)
            // Not what the cache may hold meanwhile: a lane's commit in flight would show.
            found.entries[key] = entry
            // An ended run is read now and then (late outcomes); it is not worth its memory.
            if !entry.withContents({ $0.run.lifecycle.isEnded }) {
                cache(of: key).insertNewer(entry, cost: entry.cost)
            }
        }
    }

    /// The runs of claimed tokens, as new as their tokens: a run in memory may be older than the commit, of another node,
    /// that made the step ready or counted its failures, and may be ahead of it by a commit in flight that fails.
    func entries(of leases: [LeasedTask]) async throws(StoreError) -> [RunKey: RunEntry] {
        var found = try await find(Set(leases.map(\.fence.key)))
        let outdated = leases.filter { lease in
            guard !found.loaded.contains(lease.fence.key), let entry = found.entries[lease.fence.key] else {
                return false
            }
            return lease.fence.attempt > 1 || !entry.isSettledLive(lease.fence.step)
        }
        try await load(Set(outdated.map(\.fence.key)), into: &found)
        return found.entries
    }
}
