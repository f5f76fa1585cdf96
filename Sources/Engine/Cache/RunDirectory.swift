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
        guard let record = try await store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first,
            let flow = try await flow(of: record)
        else { return nil }
        return RunEntry(record, flow: flow)
    }

    /// The runs of steps that were just leased. A run that another node has taken further stands in the cache as it was
    /// before the step became ready: such an entry is read anew, or the step would be without what it reads.
    func entries(leasing leases: [LeasedTask]) async throws(StoreError) -> [RunKey: RunEntry] {
        var found = try await entries(Set(leases.map(\.fence.key)))
        let behind = Set(
            leases.compactMap { lease in
                found[lease.fence.key]?.isLive(lease.fence.step) == false ? lease.fence.key : nil
            })
        guard !behind.isEmpty else { return found }
        for key in behind { cache(of: key).remove(key) }
        found.merge(try await entries(behind)) { _, new in new }
        return found
    }

    /// The named runs; those that do not exist are missing in the answer.
    func entries(_ keys: some Collection<RunKey>) async throws(StoreError) -> [RunKey: RunEntry] {
        var found: [RunKey: RunEntry] = [:]
        var missing: [RunLoad] = []
        for key in keys where found[key] == nil {
            if let entry = cache(of: key)[key] {
                found[key] = entry
            } else {
                missing.append(RunLoad(key: key, knownRevision: nil))
            }
        }
        guard !missing.isEmpty else { return found }
        metrics.runLoads.add(UInt64(missing.count))
        for record in try await store.loadRuns(missing) {
            guard let flow = try await flow(of: record) else { continue }
            let entry = RunEntry(record, flow: flow)
            // An ended run is read now and then (late outcomes); it is not worth its memory.
            found[record.key] =
                record.state.isEnded ? entry : cache(of: record.key).insertIfMissing(entry, cost: entry.cost)
        }
        return found
    }
}
