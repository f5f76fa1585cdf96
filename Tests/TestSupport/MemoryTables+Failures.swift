public import Engine
public import Workflows

/// A dead letter of the store in memory.
public struct MemoryDeadLetter: Sendable {
    public var row: DeadLetterRow
    public var at: Timestamp
    public var redrivenBy: String?

    init(row: DeadLetterRow, at: Timestamp) {
        self.row = row
        self.at = at
    }
}

extension MemoryTables {
    /// The run goes on: what it ended with is gone, and its letters are redriven.
    mutating func reopen(_ reopened: RunReopened) {
        guard let run = runs[reopened.key], run.state.isEnded, run.revision == reopened.expectedRevision else {
            violations.append("run \(reopened.key.run) is reopened, and has not ended so")
            return
        }
        runs[reopened.key]?.ending = nil
        runs[reopened.key]?.state = .running
        for index in deadLetters.indices
        where deadLetters[index].row.key == reopened.key && deadLetters[index].redrivenBy == nil {
            deadLetters[index].redrivenBy = reopened.by
        }
    }
}
