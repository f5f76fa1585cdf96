internal import Engine
internal import Postgres
internal import Workflows

/// A connection that dies between COMMIT and its answer leaves the outcome unknown: the event rows of the batch tell.
extension PostgresStore {
    private static let batchEvents = PostgresStatement(
        "SELECT tenant, at, payload FROM events WHERE batch = $1", [.uuid])

    /// Asks until the database answers, because nothing may be applied again before.
    ///
    /// - Returns: what was committed, or nil when nothing was.
    func askForOutcome(of columns: CommitColumns) async throws(StoreError) -> CommitReply? {
        var pause: Duration = .milliseconds(20)
        while true {
            do throws(PostgresError) {
                return try await lanes.withConnection { (connection) throws(PostgresError) in
                    try await Self.outcome(of: columns, on: connection)
                }
            } catch {
                guard error.isConnectionLoss || error.sqlState?.isTemporary == true else { throw StoreError(error) }
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    throw .unavailable(retryAfter: .seconds(1), detail: "stopped while a commit's outcome was unknown")
                }
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private static func outcome(
        of columns: CommitColumns, on connection: PostgresConnection
    ) async throws(PostgresError) -> CommitReply? {
        let rows = try await connection.execute(batchEvents, columns.id.value.uuid)
        guard !rows.isEmpty else { return nil }
        var told: [Int32: [UInt8]] = [:]
        var at = PostgresTimestamp(microseconds: 0)
        for row in rows {
            at = try row.decode(1)
            told[try row.decode(0)] = try row.decode(2, as: [UInt8].self)
        }
        var written: Set<RunKey> = []
        for run in columns.starts where told[run.key.tenant.value]?.contains(part: run.event) == true {
            written.insert(run.key)
        }
        for run in columns.advances where told[run.key.tenant.value]?.contains(part: run.event) == true {
            written.insert(run.key)
        }
        var asked: [Int] = []
        var fences = FenceColumns()
        for (index, token) in columns.tokens.enumerated() {
            guard let session = token.lease, written.contains(token.key) else { continue }
            asked.append(index + 1)
            fences.append(
                AttemptFence(key: token.key, step: token.step, attempt: token.attempt + 1, session: session))
        }
        var granted: [Int] = []
        if !asked.isEmpty {
            let held = try await connection.execute(
                FenceStatement.held, fences.tenants, fences.runs, fences.steps, fences.attempts, fences.sessions)
            granted = try held.column(0, as: Int64.self).map { asked[Int($0) - 1] }
        }
        let all = written.count == columns.runs
        return CommitReply(committedAt: Timestamp(at), written: all ? nil : written, granted: granted)
    }
}

extension [UInt8] {
    /// Whether the bytes of `part` stand somewhere in these.
    fileprivate func contains(part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard count >= part.count else { return false }
        for start in 0...(count - part.count) where self[start] == first {
            if self[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }
}
