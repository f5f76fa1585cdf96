/// SQL with its parameters, written as a string in which every interpolation is bound, never pasted:
/// `"SELECT name FROM workflows WHERE id = \(id)"`.
///
/// For queries off the hot path: the text is parsed by the server at each use.
public struct PostgresQuery: Sendable, ExpressibleByStringInterpolation {
    public internal(set) var sql: String
    public internal(set) var parameters = PostgresParameters()

    public init(stringLiteral value: String) {
        sql = value
    }

    public init(stringInterpolation: StringInterpolation) {
        sql = stringInterpolation.sql
        parameters = stringInterpolation.parameters
    }

    /// A query from text that is trusted as it stands: nothing in it may come from a user.
    public init(unescaped sql: String) {
        self.sql = sql
    }

    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var sql = ""
        var parameters = PostgresParameters()

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        public mutating func appendLiteral(_ literal: String) {
            sql += literal
        }

        /// Binds a value as the next parameter.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            parameters.append(value)
            sql += "$\(parameters.count)"
        }

        /// Binds a value or null as the next parameter.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            parameters.append(value)
            sql += "$\(parameters.count)"
        }

        /// Pastes text as it stands: nothing in it may come from a user.
        public mutating func appendInterpolation(unescaped text: String) {
            sql += text
        }

        /// Pastes a quoted identifier (`quote_ident`).
        public mutating func appendInterpolation(identifier: String) {
            sql +=
                "\"" + identifier.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                + "\""
        }
    }
}
