public import Workflows

/// What an operator sets of a queue.
public struct QueueSettings: Hashable, Sendable {
    public var order: QueueOrder
    /// The queue's share of its tenant's turns, beside the weights of the tenant's other queues; 1 to 1,000,000.
    public var weight: Int32
    /// One claim at a time, always of the lowest ranks, and no fast path.
    public var isStrict: Bool
    /// Attempts that run at once at most, over all nodes; `nil`: as many as there are slots.
    public var concurrency: Int32?

    public static let defaultWeight: Int32 = 100
    public static let weights: ClosedRange<Int32> = 1...1_000_000

    public init(
        order: QueueOrder = QueueOrder(), weight: Int32 = QueueSettings.defaultWeight, isStrict: Bool = false,
        concurrency: Int32? = nil
    ) {
        self.order = order
        self.weight = weight
        self.isStrict = isStrict
        self.concurrency = concurrency
    }

    /// Its claims take the queue's lock, because what they may take depends on what others take.
    public var isGuarded: Bool { isStrict || concurrency != nil }
}

/// A queue as it stands in the store.
public struct QueueRecord: Hashable, Sendable {
    public var id: QueueID
    public var tenant: TenantID
    public var name: String
    public var settings: QueueSettings
    /// Nothing is handed out of it; what arrives waits.
    public var isPaused: Bool
    /// New runs are refused; what is there is served.
    public var isDraining: Bool
    /// Rises with each change: the ETag.
    public var version: Int64

    public init(
        id: QueueID, tenant: TenantID, name: String, settings: QueueSettings = QueueSettings(), isPaused: Bool = false,
        isDraining: Bool = false, version: Int64 = 1
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.settings = settings
        self.isPaused = isPaused
        self.isDraining = isDraining
        self.version = version
    }
}

/// One change of a queue.
public enum QueueChange: Hashable, Sendable {
    case settings(QueueSettings)
    case paused(Bool)
    case draining(Bool)
}

/// What became of a change.
public enum QueueWrite: Hashable, Sendable {
    case written(QueueRecord)
    case deleted
    case missing
    /// Somebody has set it up already.
    case exists(QueueRecord)
    /// Its version is another than the caller's.
    case versionMismatch(current: Int64)
    /// So many steps are in it still: drain it first.
    case notEmpty(tokens: Int)
}
