import Workflows

/// The breakers of task types as this node knows them. What must be right is checked by the statements themselves.
struct BreakerTable: Sendable, Equatable {
    /// A breaker that is not closed, before a route.
    struct Gate: Sendable, Equatable {
        var breaker: LimitID
        /// Probes may be claimed.
        var isHalfOpen: Bool
        var probes: Int32
        var revision: Int64
    }

    private(set) var types: [TenantID: [String: LimitID]] = [:]
    private(set) var gates: [DispatchState.TenantRoute: Gate] = [:]

    init() {}

    init(_ breakers: [RouteBreaker]) {
        for breaker in breakers {
            let record = breaker.record
            types[record.id.tenant, default: [:]][record.name] = record.id
            let isHalfOpen: Bool
            switch record.breaker.phase {
            case .closed: continue
            case .open: isHalfOpen = false
            case .halfOpen: isHalfOpen = true
            }
            for route in breaker.routes {
                gates[DispatchState.TenantRoute(tenant: record.id.tenant, route: route)] = Gate(
                    breaker: record.id, isHalfOpen: isHalfOpen, probes: record.rule.probes, revision: record.revision)
            }
        }
    }

    /// The breaker of a task type, if somebody has set one up.
    func breaker(of taskType: String, tenant: TenantID) -> LimitID? {
        types.isEmpty ? nil : types[tenant]?[taskType]
    }

    subscript(bucket: Bucket) -> Gate? {
        gates.isEmpty ? nil : gates[DispatchState.TenantRoute(tenant: bucket.tenant, route: bucket.route)]
    }
}
