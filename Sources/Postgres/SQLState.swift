/// A five-character SQLSTATE as the server reports it (PostgreSQL documentation, appendix A).
///
/// Known codes are static members; any other code is still representable. A code can be a pattern of a `catch` clause:
/// `catch SQLState.uniqueViolation`.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The class: the first two characters.
    public var category: String { String(rawValue.prefix(2)) }

    public static let featureNotSupported = Self(rawValue: "0A000")
    public static let stringDataRightTruncation = Self(rawValue: "22001")
    public static let numericValueOutOfRange = Self(rawValue: "22003")
    public static let divisionByZero = Self(rawValue: "22012")
    public static let invalidTextRepresentation = Self(rawValue: "22P02")
    public static let notNullViolation = Self(rawValue: "23502")
    public static let foreignKeyViolation = Self(rawValue: "23503")
    public static let uniqueViolation = Self(rawValue: "23505")
    public static let checkViolation = Self(rawValue: "23514")
    public static let invalidTransactionState = Self(rawValue: "25000")
    public static let inFailedTransaction = Self(rawValue: "25P02")
    public static let idleInTransactionTimeout = Self(rawValue: "25P03")
    public static let invalidStatementName = Self(rawValue: "26000")
    public static let invalidPassword = Self(rawValue: "28P01")
    public static let invalidCatalogName = Self(rawValue: "3D000")
    public static let serializationFailure = Self(rawValue: "40001")
    public static let deadlockDetected = Self(rawValue: "40P01")
    public static let insufficientPrivilege = Self(rawValue: "42501")
    public static let syntaxError = Self(rawValue: "42601")
    public static let undefinedColumn = Self(rawValue: "42703")
    public static let undefinedTable = Self(rawValue: "42P01")
    public static let duplicateDatabase = Self(rawValue: "42P04")
    public static let duplicateTable = Self(rawValue: "42P07")
    public static let diskFull = Self(rawValue: "53100")
    public static let tooManyConnections = Self(rawValue: "53300")
    public static let objectInUse = Self(rawValue: "55006")
    public static let lockNotAvailable = Self(rawValue: "55P03")
    public static let queryCanceled = Self(rawValue: "57014")
    public static let adminShutdown = Self(rawValue: "57P01")
    public static let crashShutdown = Self(rawValue: "57P02")
    public static let cannotConnectNow = Self(rawValue: "57P03")
    public static let raiseException = Self(rawValue: "P0001")

    /// The condition's name where it is one of the known codes, else the code itself.
    public var description: String {
        Self.names[self].map { "\($0) (\(rawValue))" } ?? rawValue
    }

    /// Lets a code stand as the pattern of a `catch` clause.
    public static func ~= (pattern: SQLState, error: any Error) -> Bool {
        (error as? PostgresError)?.sqlState == pattern
    }

    private static let names: [SQLState: String] = [
        .featureNotSupported: "feature_not_supported",
        .stringDataRightTruncation: "string_data_right_truncation",
        .numericValueOutOfRange: "numeric_value_out_of_range",
        .divisionByZero: "division_by_zero",
        .invalidTextRepresentation: "invalid_text_representation",
        .notNullViolation: "not_null_violation",
        .foreignKeyViolation: "foreign_key_violation",
        .uniqueViolation: "unique_violation",
        .checkViolation: "check_violation",
        .invalidTransactionState: "invalid_transaction_state",
        .inFailedTransaction: "in_failed_sql_transaction",
        .idleInTransactionTimeout: "idle_in_transaction_session_timeout",
        .invalidStatementName: "invalid_sql_statement_name",
        .invalidPassword: "invalid_password",
        .invalidCatalogName: "invalid_catalog_name",
        .serializationFailure: "serialization_failure",
        .deadlockDetected: "deadlock_detected",
        .insufficientPrivilege: "insufficient_privilege",
        .syntaxError: "syntax_error",
        .undefinedColumn: "undefined_column",
        .undefinedTable: "undefined_table",
        .duplicateDatabase: "duplicate_database",
        .duplicateTable: "duplicate_table",
        .diskFull: "disk_full",
        .tooManyConnections: "too_many_connections",
        .objectInUse: "object_in_use",
        .lockNotAvailable: "lock_not_available",
        .queryCanceled: "query_canceled",
        .adminShutdown: "admin_shutdown",
        .crashShutdown: "crash_shutdown",
        .cannotConnectNow: "cannot_connect_now",
        .raiseException: "raise_exception",
    ]
}
