public import Workflows

/// One run of a job.
public struct BulkItem: Sendable, Hashable {
    /// From 1, in the order in which they are dealt with.
    public var number: Int32
    public var run: RunID
    /// Of redrives: the generation that has failed. A run that was reopened since is left alone.
    public var generation: Int32

    public init(number: Int32, run: RunID, generation: Int32 = 0) {
        self.number = number
        self.run = run
        self.generation = generation
    }
}

/// What became of it.
public struct BulkResult: Sendable, Hashable {
    public var item: BulkItem
    /// `nil`: it was not dealt with yet.
    public var outcome: BulkJob.Outcome?
    /// Why not, for people.
    public var detail: String?
    /// The run that a rerun has started.
    public var newRun: RunID?

    public init(item: BulkItem, outcome: BulkJob.Outcome?, detail: String? = nil, newRun: RunID? = nil) {
        self.item = item
        self.outcome = outcome
        self.detail = detail
        self.newRun = newRun
    }
}

/// A part of a job that a node has taken on, until its lease is over.
public struct BulkClaim: Sendable {
    public var job: BulkJob
    public var items: [BulkItem]

    public init(job: BulkJob, items: [BulkItem]) {
        self.job = job
        self.items = items
    }
}
