public import Workflows

/// What a tenant may use. A kind without an entry is unlimited.
public struct TenantQuotas: Sendable, Hashable {
    /// From this share of a quota on people are warned, unless the tenant's says otherwise.
    public static let usualSoftPercent: Int32 = 80

    public var tenant: TenantID
    public var limits: [QuotaKind: Int64]
    /// From how many percent of a quota on people are warned; 1 to 100.
    public var softPercent: Int32
    public var retention: TenantRetention
    /// Goes up with each change.
    public var version: Int64

    public init(
        tenant: TenantID, limits: [QuotaKind: Int64] = [:], softPercent: Int32 = TenantQuotas.usualSoftPercent,
        retention: TenantRetention = TenantRetention(), version: Int64 = 0
    ) {
        self.tenant = tenant
        self.limits = limits
        self.softPercent = softPercent
        self.retention = retention
        self.version = version
    }

    public subscript(kind: QuotaKind) -> Int64? { limits[kind] }

    /// Whether stored bytes are counted for it.
    public var countsBytes: Bool { limits.keys.contains(where: \.isStored) }

    /// From how many on people are warned.
    public func softLimit(_ kind: QuotaKind) -> Int64? {
        limits[kind].map { ($0 * Int64(softPercent) + 99) / 100 }
    }
}

/// How much of something a tenant uses now.
public struct QuotaUse: Sendable, Hashable {
    public var kind: QuotaKind
    public var used: Int64
    public var limit: Int64?

    public init(kind: QuotaKind, used: Int64, limit: Int64?) {
        self.kind = kind
        self.used = used
        self.limit = limit
    }
}
