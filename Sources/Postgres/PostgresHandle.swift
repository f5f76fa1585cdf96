private import CPostgres
private import Glibc

/// Owns one `PGconn`. Used by one thread only; every call may block, up to the response limit.
///
/// Pipelines are in `PostgresHandle+Exchange.swift`.
@safe
struct PostgresHandle: ~Copyable {
    private(set) var raw: OpaquePointer?
    /// Names of the statements that the session has prepared, without their generation.
    var prepared: Set<String> = []
    /// Rises when the prepared statements are given up, whose names stay taken on the server.
    var generation = 0
    /// Reused from statement to statement.
    var scratch = Scratch()

    /// Pointers and lengths of parameters as libpq wants them.
    @safe
    struct Scratch {
        var values: [UnsafePointer<CChar>?] = unsafe []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        var types: [UInt32] = []
    }

    deinit {
        if let raw = unsafe raw { unsafe PQfinish(raw) }
    }

    var isOpen: Bool {
        guard let raw = unsafe raw else { return false }
        return unsafe PQstatus(raw) == CONNECTION_OK
    }

    var descriptor: Int32 {
        guard let raw = unsafe raw else { return -1 }
        return unsafe PQsocket(raw)
    }

    var processID: Int32 {
        guard let raw = unsafe raw else { return 0 }
        return unsafe PQbackendPID(raw)
    }

    var serverVersion: Int {
        guard let raw = unsafe raw else { return 0 }
        return unsafe Int(PQserverVersion(raw))
    }

    var isInTransaction: Bool {
        guard let raw = unsafe raw else { return false }
        switch unsafe PQtransactionStatus(raw) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: return true
        default: return false
        }
    }

    mutating func open(_ options: PostgresConnection.Options) throws(PostgresError) {
        close()
        var given = ""
        if let own = try Self.sessionOptions(of: options.conninfo) { given = own }
        let commandLine = [options.commandLine, given].filter { !$0.isEmpty }.joined(separator: " ")
        // What stands before dbname yields to the conninfo, what stands after it wins over it.
        var pairs = [
            ("connect_timeout", "10"), ("keepalives_idle", "30"), ("tcp_user_timeout", "30000"),
            ("fallback_application_name", options.applicationName), ("dbname", options.conninfo),
            ("client_encoding", "UTF8"),
        ]
        if !commandLine.isEmpty { pairs.append(("options", commandLine)) }
        var keywords: [UnsafePointer<CChar>?] = unsafe pairs.map { unsafe UnsafePointer(strdup($0.0)) }
        var values: [UnsafePointer<CChar>?] = unsafe pairs.map { unsafe UnsafePointer(strdup($0.1)) }
        defer {
            unsafe (keywords + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) }
        }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        guard let connection = unsafe PQconnectdbParams(&keywords, &values, 1) else {
            throw PostgresError(.connectFailed, reason: "out of memory")
        }
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            let reason = unsafe Self.text(PQerrorMessage(connection))
            unsafe PQfinish(connection)
            throw PostgresError(.connectFailed, reason: reason)
        }
        unsafe PQsetNoticeReceiver(connection, { @Sendable _, _ in }, nil)
        unsafe PQsetnonblocking(connection, 1)
        unsafe raw = connection
    }

    mutating func close() {
        prepared.removeAll()
        generation = 0
        guard let connection = unsafe raw else { return }
        unsafe PQfinish(connection)
        unsafe raw = nil
    }

    /// Asks the server to stop what it does for this session. Returns after the server has taken note.
    func requestCancel() {
        guard let raw = unsafe raw, let cancel = unsafe PQgetCancel(raw) else { return }
        var buffer: [CChar] = Array(repeating: 0, count: 256)
        // A refusal changes nothing: the answer of the statement is awaited with a limit in any case.
        _ = unsafe PQcancel(cancel, &buffer, 256)
        unsafe PQfreeCancel(cancel)
    }

    /// Reads what came while no answer was due. Returns false if the connection is gone.
    mutating func readIdle(_ deliver: (PostgresNotification) -> Void) -> Bool {
        guard let raw = unsafe raw else { return false }
        while true {
            var descriptor = pollfd(fd: unsafe PQsocket(raw), events: Int16(POLLIN), revents: 0)
            guard descriptor.fd >= 0 else { return false }
            guard unsafe poll(&descriptor, 1, 0) > 0 else { break }
            guard unsafe PQconsumeInput(raw) == 1, isOpen else { return false }
            deliverNotifications(deliver)
        }
        deliverNotifications(deliver)
        return isOpen
    }

    /// Hands over notifications that arrived together with answers.
    func deliverNotifications(_ deliver: (PostgresNotification) -> Void) {
        guard let raw = unsafe raw else { return }
        while let message = unsafe PQnotifies(raw) {
            deliver(
                PostgresNotification(
                    channel: unsafe Self.text(message.pointee.relname),
                    payload: unsafe Self.text(message.pointee.extra),
                    processID: unsafe message.pointee.be_pid))
            unsafe PQfreemem(message)
        }
    }

    /// libpq's own words, without the line breaks.
    static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// The `options` parameter that a conninfo brings itself, which must not be lost when ours are added.
    private static func sessionOptions(of conninfo: String) throws(PostgresError) -> String? {
        guard conninfo.contains("=") || conninfo.contains("://") else { return nil }
        var message: UnsafeMutablePointer<CChar>?
        guard let list = unsafe PQconninfoParse(conninfo, &message) else {
            unsafe PQfreemem(message)
            // libpq's message quotes the text, in which a password may stand.
            throw PostgresError(.connectFailed, reason: "the connection string is malformed")
        }
        defer { unsafe PQconninfoFree(list) }
        var option = unsafe list
        while let keyword = unsafe option.pointee.keyword {
            if unsafe String(cString: keyword) == "options", let value = unsafe option.pointee.val {
                return unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return nil
    }
}
