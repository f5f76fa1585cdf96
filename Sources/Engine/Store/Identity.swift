public import Workflows

/// A run within its tenant: every key leads with the tenant.
public struct RunKey: Hashable, Sendable {
    public var tenant: TenantID
    public var run: RunID

    public init(tenant: TenantID, run: RunID) {
        self.tenant = tenant
        self.run = run
    }
}

/// A step of a run.
public struct StepKey: Hashable, Sendable {
    public var run: RunKey
    public var step: Int32

    public init(run: RunKey, step: Int32) {
        self.run = run
        self.step = step
    }
}

/// One life of a worker process: attempts are leased to it, not to the worker's name.
public struct SessionID: Hashable, Sendable {
    public var value: RunID.Bytes

    public init(_ value: RunID.Bytes) { self.value = value }
}

/// One commit batch; kept in its event rows so that an unknown outcome can be asked for.
public struct BatchID: Hashable, Sendable {
    public var value: RunID.Bytes

    public init(_ value: RunID.Bytes) { self.value = value }
}

/// An interned queue of a tenant.
public struct QueueID: Hashable, Sendable {
    public var value: Int32

    public init(_ value: Int32) { self.value = value }
}

/// A queue with the tenant that owns it.
public struct TenantQueue: Hashable, Sendable {
    public var tenant: TenantID
    public var queue: QueueID

    public init(tenant: TenantID, queue: QueueID) {
        self.tenant = tenant
        self.queue = queue
    }
}

/// An interned (task type, pool, selector): who can serve a step.
public struct RouteID: Hashable, Sendable {
    public var value: Int32

    /// No route has this number: in a wake it stands for all of the queue's.
    public static let any = Self(0)

    public init(_ value: Int32) { self.value = value }
}

/// The order of a token within its bucket: lower first. FIFO: the run's creation time in µs.
public typealias Rank = Int64

/// A queue of waiting tokens that the same workers can serve: the key of the claim index.
public struct Bucket: Hashable, Sendable {
    public var tenant: TenantID
    public var queue: QueueID
    public var route: RouteID

    public init(tenant: TenantID, queue: QueueID, route: RouteID) {
        self.tenant = tenant
        self.queue = queue
        self.route = route
    }
}

/// The fence that a finish carries: it is recorded only while exactly this lease lives.
public struct AttemptFence: Hashable, Sendable {
    public var key: RunKey
    public var step: Int32
    public var attempt: Int32
    public var session: SessionID

    public init(key: RunKey, step: Int32, attempt: Int32, session: SessionID) {
        self.key = key
        self.step = step
        self.attempt = attempt
        self.session = session
    }
}
