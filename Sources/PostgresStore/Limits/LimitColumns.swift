internal import Engine
internal import Postgres
internal import Workflows

/// The limits that a batch takes or gives slots of, in the order in which they are locked.
struct LimitColumns {
    private(set) var tenants: [Int32] = []
    private(set) var ids: [PostgresUUID] = []
    private(set) var order: [LimitID] = []
    private var levels: [Int16] = []
    private var names: [String] = []
    private var slots: [Int32] = []
    private var flows: [Int64] = []

    var isEmpty: Bool { order.isEmpty }

    init() {}

    /// - Parameters:
    ///   - stated: Limits with their terms; of several of one name the newest counts.
    ///   - known: Limits that are there already.
    init(stated: [Limit], known: [LimitID]) {
        var terms: [LimitID: Limit?] = [:]
        for id in known { terms[id] = .some(nil) }
        for limit in stated {
            if case .some(.some(let other)) = terms[limit.id], other.flow.value >= limit.flow.value { continue }
            terms[limit.id] = limit
        }
        for (id, limit) in terms.sorted(by: { LimitID.precedes($0.key, $1.key) }) {
            order.append(id)
            tenants.append(id.tenant.value)
            ids.append(id.digest.uuid)
            levels.append(limit?.level.rawValue ?? 0)
            names.append(String(limit?.name.prefix(500) ?? ""))
            slots.append(limit?.slots ?? 0)
            flows.append(limit?.flow.value ?? 0)
        }
    }

    func addLock(to pipeline: inout PostgresPipeline) {
        pipeline.add(LimitStatement.lock, tenants, ids, levels, names, slots, flows)
    }
}
