public import ArgumentParser
public import Logging
import Server
import Telemetry

/// Where PostgreSQL is.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "PostgreSQL, as a URL or conninfo. [DATABASE_URL]")
    var databaseUrl: String?

    func require() throws -> String {
        if let url = databaseUrl ?? ClientContext.environment("DATABASE_URL"), !url.isEmpty { return url }
        throw CommandFailure(
            .invalid,
            """
            error: no database is named
              Set DATABASE_URL=postgresql://user@host/database or give --database-url,
              or use `beamline dev`, which keeps a private PostgreSQL.
            """)
    }
}

/// Where the node's keys are.
struct KeyOptions: ParsableArguments {
    @Option(help: "Folder of signing.jwk and keys.jwks; made when missing. [BEAMLINE_KEYS]", completion: .directory)
    var keys: String?

    var folder: String { keys ?? ClientContext.environment("BEAMLINE_KEYS") ?? ".beamline/keys" }
}

/// Where master keys and secrets that are not built in come from.
struct SecretOptions: ParsableArguments {
    @Option(
        help: "File of the master keys that secrets are sealed under. [BEAMLINE_MASTER_KEY_FILE, BEAMLINE_MASTER_KEY]",
        completion: .file())
    var masterKeyFile: String?

    @Option(help: "Folder of secrets as files: TENANT/NAME. [BEAMLINE_SECRETS]", completion: .directory)
    var secrets: String?

    @Option(help: "A variable that is a tenant's secret: TENANT/NAME=VARIABLE; may be repeated.")
    var secretVariable: [String] = []

    func sources() throws -> SecretSources {
        var sources = SecretSources()
        sources.masterKeyFile = masterKeyFile ?? ClientContext.environment("BEAMLINE_MASTER_KEY_FILE")
        sources.masterKeyText = ClientContext.environment("BEAMLINE_MASTER_KEY")
        sources.folder = secrets ?? ClientContext.environment("BEAMLINE_SECRETS")
        sources.environment = try secretVariable.map { text in
            guard let equals = text.firstIndex(of: "="), let slash = text[..<equals].firstIndex(of: "/") else {
                throw CommandFailure(.invalid, "error: --secret-variable \(text): write it as TENANT/NAME=VARIABLE")
            }
            return SecretSources.Variable(
                tenant: String(text[..<slash]), secret: String(text[text.index(after: slash)..<equals]),
                variable: String(text[text.index(after: equals)...]))
        }
        return sources
    }
}

/// Where the keys of the audit log come from, and where its signed heads go.
struct AuditKeyOptions: ParsableArguments {
    @Option(
        help: "File of the keys that the audit log is sealed under. [BEAMLINE_AUDIT_KEY_FILE, BEAMLINE_AUDIT_KEY]",
        completion: .file())
    var auditKeyFile: String?

    @Option(
        help: "File that signed heads of the audit log are appended to, each minute. [BEAMLINE_AUDIT_HEADS]",
        completion: .file())
    var auditHeads: String?

    func source() -> AuditKeySource {
        var source = AuditKeySource()
        source.keyFile = auditKeyFile ?? ClientContext.environment("BEAMLINE_AUDIT_KEY_FILE")
        source.keyText = ClientContext.environment("BEAMLINE_AUDIT_KEY")
        source.headsFile = auditHeads ?? ClientContext.environment("BEAMLINE_AUDIT_HEADS")
        return source
    }
}

/// What is logged, and how.
struct LoggingOptions: ParsableArguments {
    @Option(help: "trace, debug, info, notice, warning, error or critical. [BEAMLINE_LOG]")
    var logLevel: Logger.Level?

    @Option(help: "json or text; text on a terminal. [BEAMLINE_LOG_FORMAT]")
    var logFormat: LogFormat?

    func bootstrap(default level: Logger.Level = .info) {
        let chosen =
            logLevel ?? ClientContext.environment("BEAMLINE_LOG").flatMap { Logger.Level(rawValue: $0) } ?? level
        let format = logFormat ?? ClientContext.environment("BEAMLINE_LOG_FORMAT").flatMap { LogFormat(rawValue: $0) }
        let asText = format.map { $0 == .text } ?? Terminal.isError
        LoggingSystem.bootstrap { label in
            if asText { return TextLogHandler(level: chosen, colours: Terminal.isError) }
            return JSONLogHandler(label: label, level: chosen)
        }
    }
}

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case json
    case text
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
