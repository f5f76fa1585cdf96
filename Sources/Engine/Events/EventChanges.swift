public import Workflows

/// Event rows as their tenant's readers get them: shared by all of them.
public final class EventChanges: Sendable {
    /// What happened to one run, as the API's `RunChange` in JSON.
    public struct Change: Sendable {
        public var run: RunID
        public var json: [UInt8]
        /// Of its row: a commit's changes have one position.
        public var position: EventPosition

        public init(run: RunID, json: [UInt8], position: EventPosition) {
            self.run = run
            self.json = json
            self.position = position
        }
    }

    /// Of the last row.
    public let position: EventPosition
    public let changes: [Change]
    let bytes: Int

    init(position: EventPosition, changes: [Change]) {
        self.position = position
        self.changes = changes
        bytes = changes.reduce(0) { $0 + $1.json.count + 64 }
    }

    /// The rows joined, as long as they have fewer bytes than that: what comes together is told together, and each
    /// reader has fewer and larger pieces to take.
    static func joined(_ rows: [EventChanges], bytes limit: Int) -> [EventChanges] {
        var pages: [EventChanges] = []
        var open: [EventChanges] = []
        var bytes = 0
        func close() {
            if let last = open.last {
                pages.append(
                    open.count == 1
                        ? last : EventChanges(position: last.position, changes: open.flatMap(\.changes)))
            }
            open = []
            bytes = 0
        }
        for row in rows {
            if bytes + row.bytes > limit { close() }
            open.append(row)
            bytes += row.bytes
        }
        close()
        return pages
    }

    /// Those behind a position, which may lie within.
    func changes(after position: EventPosition?) -> [Change] {
        guard let position, let first = changes.first, first.position <= position else { return changes }
        return changes.filter { $0.position > position }
    }
}
