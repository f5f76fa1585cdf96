import Workflows

/// Whose turn it is (engine rule 20): tenants by their weights, then a tenant's queues by theirs. Only those who wait for
/// slots take part, so nobody's idle share is kept back.
struct FairTurns: Sendable {
    private var tenants = StrideSchedule<TenantID>()
    private var queues: [TenantID: StrideSchedule<QueueID>] = [:]

    /// The tenant that goes next, of those that wait.
    mutating func nextTenant(of waiting: [TenantID], _ table: QueueTable) -> TenantID? {
        guard let first = waiting.first else { return nil }
        guard waiting.contains(where: { $0 != first }) else { return first }
        var seen: Set<TenantID> = []
        let keys = waiting.filter { seen.insert($0).inserted }.map { (key: $0, weight: table.weight(of: $0)) }
        let shares = tenants.allot(1, among: keys)
        return zip(keys, shares).first { $0.1 > 0 }?.0.key
    }

    /// Divides slots between the queues of a tenant; the answer is in their order.
    mutating func allot(_ slots: Int, of tenant: TenantID, among waiting: [QueueID], _ table: QueueTable) -> [Int] {
        guard waiting.count > 1 else { return waiting.isEmpty ? [] : [slots] }
        let keys = waiting.map { (key: $0, weight: table.weight(of: $0)) }
        return queues[tenant, default: StrideSchedule()].allot(slots, among: keys)
    }

    /// Slots for which the queue had no step.
    mutating func refund(_ slots: Int, of tenant: TenantID, to queue: QueueID, _ table: QueueTable) {
        queues[tenant]?.refund(slots, to: queue, weight: table.weight(of: queue))
        if queues[tenant]?.count == 0 { queues[tenant] = nil }
    }
}
