public import Workflows

/// Outcomes that steps share: caches, and keys of which one step runs at a time.
public protocol OutcomeStore: Sendable {
    /// Looks for an outcome. For `idempotency`, where there is none and nobody holds the key, the step holds it from now
    /// on; where somebody does, it is told when that changes (`InboxMessage.Command.seek`). Asking twice is asking once.
    func seek(_ request: OutcomeRequest, for run: RunKey) async throws(StoreError) -> OutcomeSearch
}

/// What came of a search.
public enum OutcomeSearch: Hashable, Sendable {
    case answered(OutcomeAnswer)
    /// Another step holds the key.
    case waits
}

/// What a step leaves under its key, or that it frees it.
public struct OutcomeRow: Hashable, Sendable {
    public var run: RunKey
    public var settlement: OutcomeSettlement

    public init(run: RunKey, settlement: OutcomeSettlement) {
        self.run = run
        self.settlement = settlement
    }
}

extension InboxMessage {
    /// It asks the store, and so is delivered by the sweep of the inbox.
    var isQuestion: Bool {
        switch command {
        case .seek, .startChild: true
        case .cancel, .signal, .childEnded, .admit: false
        }
    }
}
