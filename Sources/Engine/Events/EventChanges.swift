public import Workflows

/// One event row as its tenant's readers get it: shared by all of them.
public final class EventChanges: Sendable {
    /// What happened to one run, as the API's `RunChange` in JSON.
    public struct Change: Sendable {
        public var run: RunID
        public var json: [UInt8]

        public init(run: RunID, json: [UInt8]) {
            self.run = run
            self.json = json
        }
    }

    public let position: EventPosition
    public let changes: [Change]
    let bytes: Int

    init(position: EventPosition, changes: [Change]) {
        self.position = position
        self.changes = changes
        bytes = changes.reduce(0) { $0 + $1.json.count + 64 }
    }
}
