public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    /// Deadlocks in a row after which a batch is given up.
    private static let patience = 20

    public func commit(_ batch: CommitBatch) async throws(StoreError) -> CommitOutcome {
        var outcome = CommitOutcome(committedAt: Timestamp(microseconds: 0))
        // A second start under a key of this batch waits for the first one's end.
        var undecided = batch.repeatedKeys()
        var parts = [CommitPart(selection: .all(except: Set(undecided.map(\.key))))]
        var number = 0
        var lookups = 0
        while true {
            while let part = parts.popLast() {
                let columns = CommitColumns(
                    batch, id: batch.id.part(number), taking: part.selection, isContested: part.isContested)
                number += 1
                guard !columns.isEmpty else { continue }
                var refused: [RunKey: CommitOutcome.Exclusion] = [:]
                do throws(PostgresError) {
                    switch try await write(columns) {
                    case .written(let reply): outcome.add(reply, of: columns, undecided: &undecided)
                    case .refused(let runs): refused = runs
                    }
                } catch {
                    if error.sqlState == .uniqueViolation, !part.isContested, !columns.starts.isEmpty {
                        parts.append(part.contested())
                        continue
                    }
                    switch CommitRemedy(error) {
                    case .excludeStale:
                        let stale = try await staleFences(columns)
                        for fence in stale { outcome.exclude(stale: fence) }
                        parts.append(stale.isEmpty ? part.again() : part.without(Set(stale.map(\.key))))
                    case .halve(let code, let detail):
                        let keys = columns.starts.map(\.key) + columns.advances.map(\.key)
                        guard keys.count > 1 else {
                            guard let key = keys.first else { throw StoreError(error) }
                            outcome.excluded[key] = .refused(code: code, detail: detail)
                            parts.append(part.without([key]))
                            continue
                        }
                        let (first, second) = part.halved(keys)
                        parts.append(second)
                        parts.append(first)
                    case .again:
                        parts.append(part.again())
                    case .ask:
                        if let reply = try await askForOutcome(of: columns) {
                            outcome.add(reply, of: columns, undecided: &undecided)
                        } else {
                            parts.append(part.again())
                        }
                    case .fail:
                        guard outcome.hasWritten else { throw StoreError(error) }
                        // Something of the batch is durable: the rest is for the caller to apply again.
                        for run in columns.starts { outcome.excluded[run.key] = .lostRace }
                        for run in columns.advances { outcome.excluded[run.key] = .lostRace }
                    }
                    if part.tries >= Self.patience { throw StoreError(error) }
                }
                guard !refused.isEmpty else { continue }
                try await exclude(refused, of: columns, from: &outcome)
                parts.append(part.without(Set(refused.keys)))
            }
            guard !undecided.isEmpty else { return outcome }
            // A key whose holder is gone since is free again: such a start is written after all.
            let free = try await decide(undecided, into: &outcome)
            undecided = []
            guard !free.isEmpty else { return outcome }
            lookups += 1
            guard lookups < Self.patience else {
                throw .unavailable(retryAfter: .seconds(1), detail: "an idempotency key is taken and free in turns")
            }
            parts = [CommitPart(selection: .only(free))]
        }
    }

    /// Leaves out runs whose limit or window is full. One that is there already is answered with, however full that is.
    private func exclude(
        _ refused: [RunKey: CommitOutcome.Exclusion], of columns: CommitColumns, from outcome: inout CommitOutcome
    ) async throws(StoreError) {
        outcome.excluded.merge(refused) { _, new in new }
        let keyed = columns.starts.filter { refused[$0.key] != nil && $0.idempotency != nil }
        guard !keyed.isEmpty else { return }
        let committedAt = outcome.committedAt
        _ = try await decide(keyed, into: &outcome)
        // Nothing of this part is written yet.
        outcome.committedAt = committedAt
    }

    /// Writes one part of a batch in one round trip, or, if it takes tokens away, takes or gives slots or has rare rows, in
    /// a transaction of several.
    private func write(_ columns: CommitColumns) async throws(PostgresError) -> LimitedReply {
        let statement = commitStatement(columns.sections)
        if let counted = CountedRuns(columns) {
            return try await lanes.withConnection { (connection) throws(PostgresError) in
                try await Self.write(columns, statement, counting: counted, on: connection)
            }
        }
        if columns.needsLimits {
            return try await lanes.withConnection { (connection) throws(PostgresError) in
                try await Self.writeWithLimits(columns, statement, on: connection)
            }
        }
        let prepared = pipeline(statement, columns)
        defer { giveBack(prepared) }
        return try await lanes.withConnection { (connection) throws(PostgresError) in
            guard !columns.isPlain else {
                return .written(try CommitReply(try await connection.execute(prepared)[0]))
            }
            return .written(try await Self.write(columns, prepared, on: connection))
        }
    }

    /// Finished attempts that are not leased to their sessions any more.
    private func staleFences(_ columns: CommitColumns) async throws(StoreError) -> [AttemptFence] {
        let finish = columns.finish
        return try await lane { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                FenceStatement.stale, finish.tenants, finish.runs, finish.steps, finish.attempts, finish.sessions)
            var fences: [AttemptFence] = []
            for row in rows { fences.append(try AttemptFence(row)) }
            return fences
        }
    }
}

extension AttemptFence {
    /// Reads tenant, run, step, attempt and session from the first columns.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            key: RunKey(try row.decode(0), try row.decode(1)), step: try row.decode(2), attempt: try row.decode(3),
            session: SessionID(try row.decode(4, as: PostgresUUID.self)))
    }
}

extension CommitBatch {
    /// Starts whose idempotency key an earlier start of the batch has.
    fileprivate func repeatedKeys() -> [RunStart] {
        var seen: Set<TenantKey> = []
        return starts.filter { start in
            guard let record = start.idempotency else { return false }
            return !seen.insert(TenantKey(tenant: start.key.tenant, key: record.key)).inserted
        }
    }
}

/// An idempotency key within its tenant.
private struct TenantKey: Hashable {
    var tenant: TenantID
    var key: String
}

extension CommitOutcome {
    fileprivate var hasWritten: Bool { committedAt.microseconds > 0 }

    fileprivate mutating func add(_ reply: CommitReply, of columns: CommitColumns, undecided: inout [RunStart]) {
        committedAt = reply.committedAt
        dropped += reply.dropped
        resumed += reply.resumed
        limits += reply.limits
        admissions.ready += reply.admissions.ready
        admissions.messages += reply.admissions.messages
        admissions.count += reply.admissions.count
        if reply.breakersChanged { breakersChanged = true }
        if reply.written != nil {
            for run in columns.starts where !reply.wrote(run.key) { undecided.append(run) }
            for run in columns.advances where !reply.wrote(run.key) { excluded[run.key] = .lostRace }
        }
        leased.reserveCapacity(leased.count + reply.granted.count)
        for number in reply.granted {
            let token = columns.tokens[number - 1]
            guard let session = token.lease else { continue }
            leased.append(
                LeasedTask(
                    fence: AttemptFence(
                        key: token.key, step: token.step, attempt: token.attempt + 1, session: session),
                    bucket: token.bucket, rank: token.rank, losses: token.losses, enqueuedAt: reply.committedAt,
                    leasedAt: reply.committedAt))
        }
    }

    fileprivate mutating func exclude(stale fence: AttemptFence) {
        if case .staleFences(let others)? = excluded[fence.key] {
            excluded[fence.key] = .staleFences(others + [fence])
        } else {
            excluded[fence.key] = .staleFences([fence])
        }
    }
}
