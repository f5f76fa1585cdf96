internal import Engine
internal import Postgres

extension StoreError {
    /// What an error of the database means to a caller of the port: whether waiting helps.
    init(_ error: PostgresError) {
        switch error.kind {
        case .connectFailed, .connectionLost, .unknownOutcome, .timedOut, .closed, .cancelled:
            self = .unavailable(retryAfter: .seconds(1), detail: error.description)
        case .poolTimeout:
            self = .unavailable(retryAfter: .milliseconds(200), detail: error.description)
        case .server(let state) where state.isTemporary:
            self = .unavailable(retryAfter: .seconds(1), detail: error.description)
        case .server(let state):
            self = .refused(code: state.rawValue, detail: error.debugDescription)
        case .decoding, .misuse:
            self = .refused(code: "XX000", detail: error.debugDescription)
        }
    }
}

extension SQLState {
    /// Raised by the schema's `refuse_stale_fences`.
    static let staleFences = Self(rawValue: "BL001")

    /// Whether the same statement may well succeed later, with no change: shutting down, starting, out of resources,
    /// a standby, a lock or statement that timed out, a conflict of transactions.
    var isTemporary: Bool {
        switch category {
        case "08", "40", "53", "57", "58": true
        case "25": rawValue == "25006" || rawValue == "25P03"
        case "55": rawValue == "55P03"
        default: false
        }
    }

    /// Whether the data of some row are at fault: class 22 (data exception) and 23 (constraint violation).
    var isDataError: Bool { category == "22" || category == "23" }
}
