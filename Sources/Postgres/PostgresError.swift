/// What went wrong between this process and PostgreSQL.
///
/// `description` is for logs and people: it names the condition, the statement's place in its pipeline and the
/// constraint, never SQL text or values. `debugDescription` adds the server's own words, which may quote values.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The server refused a statement. The transaction it stood in was rolled back.
        case server(SQLState)
        /// No connection could be made.
        case connectFailed
        /// The connection is gone, and nothing of what was in flight was committed.
        case connectionLost
        /// The connection died after a commit (or a statement that commits itself) was sent and before its answer:
        /// it may or may not be committed.
        case unknownOutcome
        /// The task was cancelled, and the statement was stopped or never sent.
        case cancelled
        /// The server did not answer within the response limit; the connection was closed. Nothing was committed.
        case timedOut
        /// No pooled connection was free before the waiter's deadline.
        case poolTimeout
        /// The connection or pool was closed by its owner.
        case closed
        /// A value in a result is not of the type that was asked for.
        case decoding
        /// The caller broke a rule of this module (parameter types, nested transactions, …).
        case misuse
    }

    /// The server's own report. Its texts may quote values of the statement.
    public struct Report: Sendable, Equatable {
        public var severity: String
        public var message: String
        public var detail: String?
        public var hint: String?
        public var context: String?
        public var schema: String?
        public var table: String?
        public var column: String?
        public var constraint: String?
        /// Position of the error in the SQL text, in characters from 1.
        public var position: Int?
    }

    public var kind: Kind
    /// Which of the caller's statements in a pipeline failed, from 0; nil where no single one did.
    public var statementIndex: Int?
    /// What the server said, where it did.
    public var report: Report?
    /// A sentence of this module or of libpq, without SQL and values.
    public var reason: String?

    public init(_ kind: Kind, reason: String? = nil, statementIndex: Int? = nil, report: Report? = nil) {
        self.kind = kind
        self.reason = reason
        self.statementIndex = statementIndex
        self.report = report
    }

    /// The server's code, where the server refused.
    public var sqlState: SQLState? {
        if case .server(let state) = kind { state } else { nil }
    }

    /// Whether the connection is unusable after this error, so that only a new one helps.
    public var isConnectionLoss: Bool {
        switch kind {
        case .connectFailed, .connectionLost, .unknownOutcome, .timedOut: true
        case .server, .cancelled, .poolTimeout, .closed, .decoding, .misuse: false
        }
    }

    /// Whether the very same transaction may succeed when it is tried again: deadlocks and serialization failures.
    public var isTransactionConflict: Bool {
        sqlState == .deadlockDetected || sqlState == .serializationFailure
    }

    public var description: String {
        var text: String
        switch kind {
        case .server(let state): text = "PostgreSQL refused the statement: \(state)"
        case .connectFailed: text = "cannot connect to PostgreSQL"
        case .connectionLost: text = "the connection to PostgreSQL was lost; nothing was committed"
        case .unknownOutcome: text = "the connection to PostgreSQL was lost before the commit was answered"
        case .cancelled: text = "the statement was cancelled"
        case .timedOut: text = "PostgreSQL did not answer in time"
        case .poolTimeout: text = "no PostgreSQL connection was free in time"
        case .closed: text = "the PostgreSQL connection is closed"
        case .decoding: text = "a result value has another type than expected"
        case .misuse: text = "wrong use of the PostgreSQL client"
        }
        if let constraint = report?.constraint { text += ", constraint \(constraint)" }
        if let statementIndex { text += ", statement \(statementIndex) of the pipeline" }
        if let reason { text += ": \(reason)" }
        return text
    }

    public var debugDescription: String {
        guard let report else { return description }
        var text = "\(description) — \(report.severity): \(report.message)"
        for part in [report.detail, report.hint, report.context] {
            if let part { text += "; \(part)" }
        }
        if let position = report.position { text += "; at character \(position)" }
        return text
    }
}
