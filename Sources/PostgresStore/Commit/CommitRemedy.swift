internal import Engine
internal import Postgres

/// What to do about a commit that failed: decided from the error alone.
enum CommitRemedy: Equatable {
    /// Some finished attempt is not leased to its session: find it, leave its run out.
    case excludeStale
    /// Some run's data are refused: halve the batch until it stands alone.
    case halve(code: String, detail: String)
    /// Another transaction was in the way: the same once more.
    case again
    /// It may have been committed: ask.
    case ask
    /// Nothing was written, and nothing of it can be written now.
    case fail

    init(_ error: PostgresError) {
        switch error.kind {
        case .server(.staleFences): self = .excludeStale
        case .server(let state) where state.isDataError:
            self = .halve(code: state.rawValue, detail: error.debugDescription)
        case .server(let state):
            self = state == .deadlockDetected || state == .serializationFailure ? .again : .fail
        case .unknownOutcome, .timedOut, .cancelled: self = .ask
        case .connectFailed, .connectionLost, .poolTimeout, .closed, .decoding, .misuse: self = .fail
        }
    }
}
