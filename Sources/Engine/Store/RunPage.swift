public import Workflows

/// Some runs of a list, newest first.
public struct RunPage: Sendable {
    public var runs: [RunSummary]
    /// Where the next page begins, as `RunQuery.before`; `nil` at the end of the list. A filter that little passes may
    /// give a page that is short, or empty, and goes on all the same: one page looks at a bounded number of runs.
    public var next: RunID?

    public init(runs: [RunSummary], next: RunID?) {
        self.runs = runs
        self.next = next
    }
}
