public import Workflows

/// The re-ranking of what waits in a queue whose order has changed: read by pages, ranked by the one pure function
/// (`QueueOrder.rank`), written by pages. Until it is done, old and new ranks stand beside each other; nothing is lost.
public protocol Reranking: Sendable {
    /// Queues whose tokens may have ranks of an earlier order.
    func reorderedQueues() async throws(StoreError) -> [ReorderedQueue]
    /// Tokens of a queue, leased ones too, in the order of their keys.
    func tokens(
        of queue: QueueID, after: HeldAttempt?, limit: Int
    ) async throws(StoreError) -> [RankedToken]
    /// Gives tokens their new ranks, where they are still there; answers the buckets whose lowest rank may have fallen.
    func setRanks(_ ranks: [RankedToken], queue: QueueID) async throws(StoreError) -> [ReadyBucket]
    /// Every token has its new rank, unless the queue has been changed since it had this version.
    func finishReordering(_ queue: QueueID, version: Int64) async throws(StoreError)
}

/// A queue whose order has changed.
public struct ReorderedQueue: Sendable, Hashable {
    public var queue: QueueRecord
    /// How long ago, on the store's clock.
    public var age: Duration

    public init(queue: QueueRecord, age: Duration) {
        self.queue = queue
        self.age = age
    }
}

/// A token, with what its rank depends on.
public struct RankedToken: Sendable, Hashable {
    public var key: RunKey
    public var step: Int32
    public var rank: Rank
    public var flow: FlowVersionID
    /// What the request for the run said; else its definition counts.
    public var urgency: Urgency

    public init(key: RunKey, step: Int32, rank: Rank, flow: FlowVersionID, urgency: Urgency) {
        self.key = key
        self.step = step
        self.rank = rank
        self.flow = flow
        self.urgency = urgency
    }
}

/// What the request for a run says of its place in queues; it wins over the definition.
public struct Urgency: Sendable, Hashable {
    public var priority: Int32?
    /// When the run should be done.
    public var deadline: Timestamp?

    public init(priority: Int32? = nil, deadline: Timestamp? = nil) {
        self.priority = priority
        self.deadline = deadline
    }

    public static let usual = Self()
}
