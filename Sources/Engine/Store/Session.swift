public import Workflows

/// A worker session as it stands in the store.
public struct SessionRecord: Sendable {
    public var id: SessionID
    public var tenant: TenantID
    public var worker: String
    /// The node that holds the stream.
    public var node: SessionID
    public var lease: Duration
    /// Task types, pools with slots, labels and versions, as JSON text, for people and for discovery.
    public var capabilities: [UInt8]
    /// The routes that it serves.
    public var routes: [RouteID]

    public init(
        id: SessionID, tenant: TenantID, worker: String, node: SessionID, lease: Duration, capabilities: [UInt8],
        routes: [RouteID] = []
    ) {
        self.id = id
        self.tenant = tenant
        self.worker = worker
        self.node = node
        self.lease = lease
        self.capabilities = capabilities
        self.routes = routes
    }
}

/// An attempt that a worker says it holds.
public struct HeldAttempt: Hashable, Sendable {
    public var key: RunKey
    public var step: Int32
    public var attempt: Int32

    public init(key: RunKey, step: Int32, attempt: Int32) {
        self.key = key
        self.step = step
        self.attempt = attempt
    }
}

/// How the worker's inventory and the store's were settled.
public struct SessionSettlement: Sendable {
    /// Still leased to the session and held by the worker: they go on.
    public var kept: [LeasedTask]
    /// Leased to the session but unknown to the worker: back to `ready`, no loss counted.
    public var returned: [ReadyBucket]
    /// Held by the worker but no longer leased to it: to be cancelled there.
    public var unknown: [HeldAttempt]

    public init(kept: [LeasedTask], returned: [ReadyBucket], unknown: [HeldAttempt]) {
        self.kept = kept
        self.returned = returned
        self.unknown = unknown
    }
}

/// An attempt whose session had died.
public struct RescuedAttempt: Sendable {
    public var fence: AttemptFence
    public var bucket: Bucket
    public var rank: Rank
    /// A suspect was lost alone: it stays leased to the dead session until its failure is recorded (`Quarantine`).
    public var quarantine: AttemptTiming?

    public init(fence: AttemptFence, bucket: Bucket, rank: Rank, quarantine: AttemptTiming? = nil) {
        self.quarantine = quarantine
        self.fence = fence
        self.bucket = bucket
        self.rank = rank
    }
}
