import Workflows

/// A worker session whose stream ends in this node. A class, confined to the dispatcher's lock: a value would be copied
/// with all that it holds by each look at it.
final class LocalSession {
    struct Slots: Sendable {
        var total: Int
        /// Promised to commits and claims in flight.
        var reserved = 0
        /// Standing in the group's list of sessions with free slots.
        var listed = false
    }

    let record: SessionRecord
    /// Told apart from an earlier stream of the same session.
    let registration: UInt64
    /// The routes that it serves, each with the pool whose slot a task takes.
    let routes: [RouteID: String]
    let sink: any TaskSink
    /// Sessions of one capability have the same tenant and routes, are interchangeable and claim together.
    let capability: Int
    var slots: [String: Slots] = [:]
    private(set) var held: [HeldAttempt: HeldTask] = [:]
    private var heldByPool: [String: Int] = [:]
    /// Held attempts that must be alone.
    private(set) var suspects = 0
    private(set) var names: [TaskName: HeldAttempt] = [:]
    /// Takes no more tasks: it leaves, or its lease is being settled.
    var draining = false
    var settling = false
    /// Its stream refused an offer and has not said since that it has room.
    var congested = false
    var heardAt: Duration
    var heardSinceRenewal = true
    /// Successive heartbeats whose held count was not ours.
    var mismatches = 0

    init(
        record: SessionRecord, registration: UInt64, routes: [RouteID: String], pools: [WorkerHello.Pool],
        sink: any TaskSink, capability: Int, heardAt: Duration
    ) {
        self.record = record
        self.registration = registration
        self.routes = routes
        self.sink = sink
        self.capability = capability
        self.heardAt = heardAt
        for pool in pools { slots[pool.name] = Slots(total: max(0, pool.slots)) }
    }

    var reserved: Int { slots.values.reduce(0) { $0 + $1.reserved } }

    func free(_ pool: String) -> Int {
        guard !draining, !settling, !congested, suspects == 0, let slots = slots[pool] else { return 0 }
        return slots.total - slots.reserved - (heldByPool[pool] ?? 0)
    }

    func insert(_ task: HeldTask) {
        let key = task.lease.held
        if held.updateValue(task, forKey: key) == nil {
            heldByPool[task.pool, default: 0] += 1
            if task.lease.isSuspect { suspects += 1 }
        }
        if let name = task.name { names[name] = key }
    }

    @discardableResult
    func remove(_ key: HeldAttempt) -> HeldTask? {
        guard let task = held.removeValue(forKey: key) else { return nil }
        heldByPool[task.pool, default: 1] -= 1
        if task.lease.isSuspect { suspects -= 1 }
        if let name = task.name { names[name] = nil }
        return task
    }

    /// How many attempts the worker knows, or will in a moment.
    var told: Int { suspects == 0 ? held.count : held.values.count { $0.progress != .waitsAlone } }

    /// A suspect waits until nothing else is held.
    func waitAlone(_ key: HeldAttempt) { held[key]?.progress = .waitsAlone }

    /// The suspect that waits, now that nothing else is held.
    var alone: LeasedTask? {
        guard suspects > 0, held.count == 1, let only = held.first?.value, only.progress == .waitsAlone else {
            return nil
        }
        return only.lease
    }

    func start(_ key: HeldAttempt, at: Timestamp) { held[key]?.progress = .started(at) }
}
