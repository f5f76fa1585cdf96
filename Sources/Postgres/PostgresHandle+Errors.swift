private import CPostgres

extension PostgresHandle {
    /// The error that a result reports. Without a SQLSTATE it is libpq's own, about the connection.
    static func error(of result: OpaquePointer, statementIndex: Int?) -> PostgresError {
        guard let state = unsafe field(result, "C") else {
            return PostgresError(
                .connectionLost, reason: unsafe text(PQresultErrorMessage(result)), statementIndex: statementIndex)
        }
        let report = PostgresError.Report(
            severity: unsafe field(result, "V") ?? "ERROR", message: unsafe field(result, "M") ?? "",
            detail: unsafe field(result, "D"), hint: unsafe field(result, "H"), context: unsafe field(result, "W"),
            schema: unsafe field(result, "s"), table: unsafe field(result, "t"), column: unsafe field(result, "c"),
            constraint: unsafe field(result, "n"), position: unsafe field(result, "P").flatMap { Int($0) })
        return PostgresError(
            .server(SQLState(rawValue: state)), statementIndex: statementIndex, report: report)
    }

    /// Whether the server ends the session with this error.
    static func endsSession(_ result: OpaquePointer) -> Bool {
        let severity = unsafe field(result, "V")
        return severity == "FATAL" || severity == "PANIC"
    }

    /// A field of an error, by the letters of the protocol (PostgreSQL documentation, 55.8).
    private static func field(_ result: OpaquePointer, _ letter: Unicode.Scalar) -> String? {
        guard let text = unsafe PQresultErrorField(result, Int32(letter.value)) else { return nil }
        return unsafe String(cString: text)
    }
}

extension PostgresError {
    /// A statement that the server stopped because this side asked for it was cancelled, not refused.
    var asCancelled: PostgresError {
        guard sqlState == .queryCanceled else { return self }
        return PostgresError(.cancelled, statementIndex: statementIndex)
    }
}
