public import Workflows

/// Names a dead letter: a run, and the revision of the line that records the failure. Text form `RUN-REVISION`.
public struct DeadLetterID: Hashable, Sendable, CustomStringConvertible {
    public var run: RunID
    public var revision: Int64

    public init(run: RunID, revision: Int64) {
        self.run = run
        self.revision = revision
    }

    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let run = RunID(String(parts[0])), let revision = Int64(parts[1]), revision >= 0 else {
            return nil
        }
        self.init(run: run, revision: revision)
    }

    public var description: String { "\(run)-\(revision)" }
}

/// A step that failed for good, as people and jobs read it.
public struct DeadLetter: Sendable {
    public var row: DeadLetterRow
    public var workflow: String
    public var version: Int32
    public var at: Timestamp
    /// When its run was redriven, and by whom.
    public var redrivenAt: Timestamp?
    public var redrivenBy: String?

    public var id: DeadLetterID { DeadLetterID(run: row.key.run, revision: row.revision) }
    public var position: DeadLetterPosition { DeadLetterPosition(at: at, id: id) }

    public init(
        row: DeadLetterRow, workflow: String, version: Int32, at: Timestamp, redrivenAt: Timestamp?, redrivenBy: String?
    ) {
        self.row = row
        self.workflow = workflow
        self.version = version
        self.at = at
        self.redrivenAt = redrivenAt
        self.redrivenBy = redrivenBy
    }
}

/// Where a page of letters ended, in the order of time, run and revision, newest first.
public struct DeadLetterPosition: Sendable, Hashable {
    public var at: Timestamp
    public var id: DeadLetterID

    public init(at: Timestamp, id: DeadLetterID) {
        self.at = at
        self.id = id
    }
}

/// Some letters of a list. A page looks at a bounded number of letters: it may be short, or empty, and go on all the same.
public struct DeadLetterPage: Sendable {
    public var letters: [DeadLetter]
    public var next: DeadLetterPosition?

    public init(letters: [DeadLetter], next: DeadLetterPosition?) {
        self.letters = letters
        self.next = next
    }
}
