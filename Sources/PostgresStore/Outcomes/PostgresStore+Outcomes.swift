public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    public func seek(_ request: OutcomeRequest, for run: RunKey) async throws(StoreError) -> OutcomeSearch {
        switch request.purpose {
        case .cache:
            return try await lane { (connection) throws(PostgresError) in
                let rows = try await connection.execute(
                    OutcomeStatement.find, run.tenant.value, request.key)
                guard let row = rows.first, let output = try row.decode(2, as: [UInt8]?.self) else {
                    return .answered(.missing)
                }
                return .answered(
                    .found(output: output, run: RunID(RunID.Bytes(try row.decode(0, as: PostgresUUID.self)))))
            }
        case .idempotency:
            return try await lane { (connection) throws(PostgresError) in
                try await connection.transaction { transaction in
                    try await Self.hold(request, for: run, in: transaction)
                }
            }
        }
    }

    private static func hold(
        _ request: OutcomeRequest, for run: RunKey, in transaction: PostgresTransaction
    ) async throws(PostgresError) -> OutcomeSearch {
        let (tenant, key) = (run.tenant.value, request.key)
        let held = try await transaction.execute(OutcomeStatement.hold, tenant, key, run.run.uuid, request.step)
        guard held.isEmpty else { return .answered(.missing) }
        let rows = try await transaction.execute(OutcomeStatement.find, tenant, key)
        guard let row = rows.first else {
            throw PostgresError(.misuse, reason: "a locked key of an outcome is gone")
        }
        let holder = RunID(RunID.Bytes(try row.decode(0, as: PostgresUUID.self)))
        if let output = try row.decode(2, as: [UInt8]?.self) { return .answered(.found(output: output, run: holder)) }
        if holder == run.run, try row.decode(1, as: Int32.self) == request.step { return .answered(.missing) }
        try await transaction.execute(OutcomeStatement.follow, tenant, key, run.run.uuid, request.step)
        return .waits
    }
}

/// The rows of a batch about outcomes.
struct OutcomeColumns {
    private var kept: [OutcomeRow] = []
    private var settled: [OutcomeRow] = []
    private var freed: [OutcomeRow] = []
    /// Freed by runs that are no part of the batch.
    private var alwaysFreed: [OutcomeRow] = []

    init() {}

    init(_ batch: CommitBatch, _ selection: CommitColumns.Selection) {
        for row in batch.sharedOutcomes where selection.contains(row.run) {
            switch (row.settlement.purpose, row.settlement.success) {
            case (.cache, .some): kept.append(row)
            case (.idempotency, .some): settled.append(row)
            case (.idempotency, nil): freed.append(row)
            case (.cache, nil): break
            }
        }
        alwaysFreed = batch.freedOutcomes.filter { selection.contains($0.run) }
    }

    var isEmpty: Bool { kept.isEmpty && settled.isEmpty && freed.isEmpty && alwaysFreed.isEmpty }

    /// Takes out those of runs that were not written.
    mutating func remove(where isUnwritten: (RunKey) -> Bool) {
        kept.removeAll { isUnwritten($0.run) }
        settled.removeAll { isUnwritten($0.run) }
        freed.removeAll { isUnwritten($0.run) }
    }

    /// Answers the messages to those who waited.
    func write(on connection: PostgresTransaction) async throws(PostgresError) -> [InboxMessage] {
        try await write(kept, OutcomeStatement.keep, on: connection)
        try await write(settled, OutcomeStatement.settle, on: connection)
        let gone = freed + alwaysFreed
        if !gone.isEmpty {
            let rows = Self.sorted(gone)
            _ = try await connection.execute(
                OutcomeStatement.free, rows.map(\.run.tenant.value), rows.map(\.settlement.key),
                rows.map(\.run.run.uuid), rows.map(\.settlement.step))
        }
        let changed = Self.sorted(settled + gone)
        guard !changed.isEmpty else { return [] }
        let told = try await connection.execute(
            OutcomeStatement.tell, changed.map(\.run.tenant.value), changed.map(\.settlement.key))
        var messages: [InboxMessage] = []
        for row in told {
            guard let command = InboxMessage.Command(kind: .seek, body: try row.decode(3, as: [UInt8].self)) else {
                throw PostgresError(.decoding, reason: "a question for an outcome cannot be read")
            }
            messages.append(
                InboxMessage(
                    id: InboxID(
                        key: RunKey(try row.decode(0), try row.decode(1)),
                        id: RunID.Bytes(try row.decode(2, as: PostgresUUID.self))), command: command))
        }
        return messages
    }

    private func write(
        _ rows: [OutcomeRow], _ statement: PostgresStatement, on connection: PostgresTransaction
    ) async throws(PostgresError) {
        guard !rows.isEmpty else { return }
        let rows = Self.sorted(rows)
        _ = try await connection.execute(
            statement, rows.map(\.run.tenant.value), rows.map(\.settlement.key), rows.map(\.run.run.uuid),
            rows.map(\.settlement.step), rows.map { RawText($0.settlement.success?.output ?? []) },
            rows.map { $0.settlement.success?.lifetime.microseconds ?? 0 })
    }

    /// In the order in which keys are locked.
    private static func sorted(_ rows: [OutcomeRow]) -> [OutcomeRow] {
        rows.sorted { ($0.run.tenant, $0.settlement.key) < ($1.run.tenant, $1.settlement.key) }
    }
}
