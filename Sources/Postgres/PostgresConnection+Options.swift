extension PostgresConnection {
    /// How to reach PostgreSQL and what the session is like.
    public struct Options: Sendable {
        /// A conninfo string (`host=… dbname=…`) or a URL (`postgresql://…`), as libpq documents them. Its own
        /// parameters win over the ones below.
        public var conninfo: String
        /// Shown in `pg_stat_activity`.
        public var applicationName: String
        /// Settings of the session (`statement_timeout`, `enable_seqscan`, …), sent with the start of the session.
        public var settings: [String: String]
        /// How long the server may be silent while an answer is due; nil waits for as long as the connection lives.
        public var responseLimit: Duration?

        public init(
            _ conninfo: String, applicationName: String = "beamline", settings: [String: String] = [:],
            responseLimit: Duration? = nil
        ) {
            self.conninfo = conninfo
            self.applicationName = applicationName
            self.settings = settings
            self.responseLimit = responseLimit
        }

        /// The settings as the `options` parameter of a session: `-c name=value`, blanks and backslashes escaped.
        var commandLine: String {
            settings.sorted { $0.key < $1.key }.map { name, value in
                var escaped = ""
                for character in value {
                    if character == " " || character == "\\" { escaped.append("\\") }
                    escaped.append(character)
                }
                return "-c \(name)=\(escaped)"
            }.joined(separator: " ")
        }
    }
}

/// The isolation level of a transaction.
public enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"

    var begin: PostgresStatement { PostgresStatement("BEGIN ISOLATION LEVEL \(rawValue)") }
}

/// A message that another session sent by NOTIFY.
public struct PostgresNotification: Sendable, Hashable {
    public var channel: String
    public var payload: String
    /// The server process that sent it.
    public var processID: Int32

    public init(channel: String, payload: String, processID: Int32) {
        self.channel = channel
        self.payload = payload
        self.processID = processID
    }
}
