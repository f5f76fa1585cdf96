public import Workflows

/// A place in the event log: the transaction's id under a cluster epoch. Text form `epoch.xid.tenant`.
public struct EventPosition: Hashable, Comparable, Sendable {
    /// Changes when the database is another one (restore, promotion): older positions then mean nothing.
    public var epoch: Int32
    public var transaction: UInt64
    public var tenant: TenantID

    public init(epoch: Int32, transaction: UInt64, tenant: TenantID) {
        self.epoch = epoch
        self.transaction = transaction
        self.tenant = tenant
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.transaction, left.tenant.value) < (right.epoch, right.transaction, right.tenant.value)
    }
}

/// One durable event row: what one commit did to one tenant.
public struct EventRow: Sendable {
    public var position: EventPosition
    public var at: Timestamp
    /// Buckets that received ready tokens, with the lowest rank of each.
    public var wakes: [ReadyBucket]
    /// Queues whose settings have changed.
    public var queues: [QueueID]
    /// A JSON array of `EventFragment` texts; empty where it was not asked for.
    public var payload: [UInt8]

    public init(position: EventPosition, at: Timestamp, wakes: [ReadyBucket], queues: [QueueID] = [], payload: [UInt8])
    {
        self.position = position
        self.at = at
        self.wakes = wakes
        self.queues = queues
        self.payload = payload
    }
}

/// Rows in order, and whether the caller's position was still within retention.
public struct EventPage: Sendable {
    public var rows: [EventRow]
    /// Where the next read goes on.
    public var position: EventPosition
    /// The caller's position is of another epoch or older than what is kept: it must resynchronise.
    public var gap: Bool

    public init(rows: [EventRow], position: EventPosition, gap: Bool) {
        self.rows = rows
        self.position = position
        self.gap = gap
    }
}
