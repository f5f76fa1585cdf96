public import Workflows

/// What a circuit breaker guards.
public enum BreakerKind: Int16, Sendable, CaseIterable {
    /// All attempts of a task type in a tenant; set up by people.
    case taskType = 1
    /// Attempts at one target, as steps name it.
    case target = 2

    /// The level of its id; a target's breaker is a limit too, whose slots are all, none or a few.
    var level: LimitLevel {
        switch self {
        case .taskType: .taskType
        case .target: .breaker
        }
    }
}

extension LimitID {
    /// The id of a breaker.
    public init(tenant: TenantID, breaker kind: BreakerKind, name: String) {
        self.init(tenant: tenant, level: kind.level, name: name)
    }
}

extension Limit {
    /// Slots of a target whose breaker is closed.
    public static let unlimited = Int32.max

    /// The line in which steps wait for a target. What its slots are is the breaker's business: every statement of it is
    /// of one version, so that none overwrites them.
    public static func breaker(tenant: TenantID, name: String) -> Limit {
        Limit(tenant: tenant, level: .breaker, name: name, slots: unlimited, flow: FlowVersionID(1))
    }
}

/// A breaker as it stands in the store.
public struct BreakerRecord: Sendable, Hashable {
    public var id: LimitID
    public var kind: BreakerKind
    /// The task type, or `workflow:target` (`:target` in the tenant's scope).
    public var name: String
    public var rule: BreakerRule
    public var breaker: Breaker
    /// Rises with each change of its phase, and with each probe.
    public var revision: Int64

    public init(
        id: LimitID, kind: BreakerKind, name: String, rule: BreakerRule, breaker: Breaker, revision: Int64 = 1
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.rule = rule
        self.breaker = breaker
        self.revision = revision
    }

    /// How many steps of its target may be ready or leased.
    public var slots: Int32 {
        switch breaker.phase {
        case .closed: Limit.unlimited
        case .open: 0
        case .halfOpen: rule.probes
        }
    }
}

/// What an attempt's end tells a breaker; written with the run that it belongs to.
public struct BreakerOutcome: Sendable, Hashable {
    /// What a definition says of the breaker; of several versions the newest counts.
    public struct Terms: Sendable, Hashable {
        public var rule: BreakerRule
        public var flow: FlowVersionID

        public init(rule: BreakerRule, flow: FlowVersionID) {
            self.rule = rule
            self.flow = flow
        }
    }

    public var key: RunKey
    public var breaker: LimitID
    public var name: String
    /// `nil` of a task type: a breaker that nobody has set up takes no notice.
    public var terms: Terms?
    public var outcome: Breaker.Outcome

    public init(key: RunKey, breaker: LimitID, name: String, terms: Terms?, outcome: Breaker.Outcome) {
        self.key = key
        self.breaker = breaker
        self.name = name
        self.terms = terms
        self.outcome = outcome
    }

    /// A closed breaker has to hear of it too.
    public var matters: Bool { outcome.isFailure || terms?.rule.ratio != nil || terms == nil }
}

/// The breaker of a task type with the routes that it guards.
public struct RouteBreaker: Sendable, Hashable {
    public var record: BreakerRecord
    public var routes: [RouteID]

    public init(record: BreakerRecord, routes: [RouteID]) {
        self.record = record
        self.routes = routes
    }
}

/// What somebody does to a breaker.
public enum BreakerChange: Sendable, Hashable {
    /// Sets up the breaker of a task type, or changes its rule; what it has counted stays unless the window changes.
    case rule(BreakerRule)
    /// Forgets the breaker of a task type: its steps go on.
    case removal
    case reset
    /// `nil`: until somebody resets it.
    case trip(Duration?)
}

public enum BreakerWrite: Sendable, Hashable {
    case written(BreakerRecord, isNew: Bool)
    case removed
    case missing
    /// The breaker of a target is the definition's business.
    case notOfType
}

/// What the pass over the breakers did.
public struct BreakerPass: Sendable {
    /// Steps that were let in as probes.
    public var admissions: Admissions
    /// Breakers that became half-open.
    public var opened: Int
    /// When the next open one is due.
    public var next: Timestamp?

    public init(admissions: Admissions = Admissions(), opened: Int = 0, next: Timestamp? = nil) {
        self.admissions = admissions
        self.opened = opened
        self.next = next
    }
}

/// What time does to breakers.
public protocol BreakerStore: Sendable {
    /// Makes open breakers half-open whose time has passed, and takes steps that came back to `ready` (a lost worker's)
    /// out of it again while the breaker of their target is open.
    func advanceBreakers(limit: Int) async throws(StoreError) -> BreakerPass
}

/// The breakers as people and nodes see them. Every change of one by task type stands in an event row as a change of
/// its tenant's queues, so that all nodes learn of it.
public protocol BreakerRegistry: Sendable {
    /// By kind and name. Of targets, those that have counted a failure.
    func breakers(tenant: TenantID) async throws(StoreError) -> [BreakerRecord]
    /// All breakers of task types.
    func routeBreakers() async throws(StoreError) -> [RouteBreaker]
    /// - Parameter name: The name or the id (RFC 9562) of the breaker; a rule and a removal take a task type.
    func changeBreaker(
        named name: String, tenant: TenantID, _ change: BreakerChange
    ) async throws(StoreError) -> BreakerWrite
}
