public import Workflows

/// Tenants' quotas, and the counting of what they use (engine rule 19).
public protocol QuotaStore: Sendable {
    /// The quotas of all tenants that have any; or only of those that have changed within the last ten seconds.
    func quotas(recent: Bool) async throws(StoreError) -> [TenantQuotas]
    /// The tenant's quotas, with version 0 when nobody has set any.
    func quotas(of tenant: TenantID) async throws(StoreError) -> TenantQuotas
    /// Replaces the tenant's quotas; the version is the store's to give. When active runs or bytes are limited from now
    /// on, those that are there are counted (`recountRuns`, `recountBytes`).
    func setQuotas(_ quotas: TenantQuotas) async throws(StoreError) -> TenantQuotas
    /// What the tenant uses, counted now, of everything but submissions; stored bytes where they are limited, by their
    /// last count (`addBytes`, `recountBytes`).
    ///
    /// - Parameter withRuns: Whether active runs are counted, too, which is dear where there are many.
    func usage(of tenant: TenantID, withRuns: Bool) async throws(StoreError) -> [QuotaKind: Int64]

    /// Counts bytes that tenants have stored, where they are counted.
    func addBytes(_ bytes: [TenantID: StoredBytes]) async throws(StoreError)
    /// Counts the bytes that the tenant has stored anew, if they are limited. Reads all of the tenant's runs.
    func recountBytes(of tenant: TenantID) async throws(StoreError)

    /// Reserves units of a quota for a holder: as many as it has use for at once, and some to spare while there is room
    /// enough. It may use them until the lease ends; what is left then returns by itself.
    func reserve(_ request: QuotaRequest) async throws(StoreError) -> QuotaGrant
    /// Counts the tenant's active runs anew, and takes over the counts of holders that are gone. Answers how far the count
    /// was off.
    func recountRuns(of tenant: TenantID) async throws(StoreError) -> Int64
}

/// Who counts active runs: one lane of one life of a node, so that no two commits wait for one another's count.
public struct QuotaHolder: Sendable, Hashable {
    public var node: SessionID
    public var lane: Int32

    public init(node: SessionID, lane: Int32) {
        self.node = node
        self.lane = lane
    }
}

/// Asks for units of a quota.
public struct QuotaRequest: Sendable {
    public enum Resource: Sendable, Hashable {
        case submissions
        /// For this holder, which has so many units left of what it got before.
        case runs(QuotaHolder, keeping: Int32)
    }

    public var tenant: TenantID
    public var resource: Resource
    /// Units that somebody waits for.
    public var demand: Int32
    public var lease: Duration

    public init(tenant: TenantID, resource: Resource, demand: Int32, lease: Duration) {
        self.tenant = tenant
        self.resource = resource
        self.demand = demand
        self.lease = lease
    }
}

/// What a holder got.
public struct QuotaGrant: Sendable, Hashable {
    /// New units; none when the quota is used up.
    public var units: Int32
    /// What is used or reserved now, these included.
    public var taken: Int64
    /// `nil`: there is no such quota any more.
    public var limit: Int64?
    /// When to ask again at the earliest, where that is known.
    public var retryAfter: Duration?

    public init(units: Int32, taken: Int64, limit: Int64?, retryAfter: Duration? = nil) {
        self.units = units
        self.taken = taken
        self.limit = limit
        self.retryAfter = retryAfter
    }

    /// How many units are granted: those that somebody waits for, and a sixteenth of the room to spare, so none near the
    /// limit.
    ///
    /// - Parameters:
    ///   - room: What is neither used nor reserved.
    ///   - spare: The most units beyond the demand.
    public static func units(demand: Int32, room: Int64, spare: Int32 = 256) -> Int32 {
        guard room > 0 else { return 0 }
        return Int32(min(room, Int64(demand) + min(Int64(spare), room / 16)))
    }
}

/// A run that a commit starts (+1) or ends (−1), of a tenant whose active runs are limited.
public struct CountedRun: Sendable, Hashable {
    public var key: RunKey
    public var change: Int32
    /// Its holder has a unit for it; a start without one is refused, unless it was there before under the same key.
    public var hasUnit: Bool

    public init(key: RunKey, change: Int32, hasUnit: Bool = true) {
        self.key = key
        self.change = change
        self.hasUnit = hasUnit
    }
}

extension StoreError {
    /// The SQLSTATE with which the store refuses what is over a quota: `BLQ` and the kind's number.
    public static func code(of kind: QuotaKind) -> String { "BLQ0\(kind.rawValue)" }

    /// The quota that was in the way.
    public var quota: QuotaKind? {
        guard case .refused(let code, _) = self else { return nil }
        return QuotaKind.allCases.first { Self.code(of: $0) == code }
    }
}
