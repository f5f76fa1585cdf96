internal import Engine
internal import Postgres
internal import Workflows

/// The runs of a batch that wait for their time, with the rows of their throttles and debounces once those are locked.
struct PacedStarts {
    private let rows: [DelayedStart]
    private var windows: [LimitID: StartWindow] = [:]
    private var successions: [LimitID: Succession] = [:]

    private struct Succession {
        /// The newest run of the succession, which may wait still.
        var run: PostgresUUID?
        var age: Duration
    }

    var isEmpty: Bool { rows.isEmpty }

    init(_ rows: [DelayedStart]) { self.rows = rows }

    // MARK: Before the runs are written

    mutating func lock(in transaction: PostgresTransaction) async throws {
        for (statement, level) in [
            (PacingStatement.lockThrottles, LimitLevel.throttle), (PacingStatement.lockDebounces, .debounce),
        ] {
            let pacings = Dictionary(
                rows.lazy.filter { $0.pacing.level == level }.map { ($0.pacing.id, $0.pacing.name) }
            ) { first, _ in first }.sorted { LimitID.precedes($0.key, $1.key) }
            guard !pacings.isEmpty else { continue }
            let found = try await transaction.execute(
                statement, pacings.map(\.key.tenant.value), pacings.map(\.key.digest.uuid),
                pacings.map { String($0.value.prefix(500)) })
            for row in found {
                let id = LimitID(
                    tenant: TenantID(try row.decode(0)), digest: RunID.Bytes(try row.decode(1, as: PostgresUUID.self)))
                if level == .throttle {
                    windows[id] = StartWindow(start: try row.decode(2), used: try row.decode(3))
                } else {
                    successions[id] = Succession(
                        run: try row.decode(2), age: .microseconds(try row.decode(3, as: Int64.self)))
                }
            }
        }
    }

    /// Runs that shall not wait for a window and would have to.
    func excess() -> [RunKey: CommitOutcome.Exclusion] {
        var room: [LimitID: Int32] = [:]
        var refused: [RunKey: CommitOutcome.Exclusion] = [:]
        for row in rows {
            guard case .throttle(let throttle) = row.pacing.rule, throttle.excess == .drop,
                let window = windows[row.pacing.id]
            else { continue }
            let left = room[row.pacing.id] ?? window.room(throttle)
            room[row.pacing.id] = max(0, left - 1)
            guard left <= 0 else { continue }
            refused[row.token.key] = .throttled(name: row.pacing.name, retryAfter: .microseconds(window.end(throttle)))
        }
        return refused
    }

    // MARK: After

    /// Writes the tokens of those runs that were written. Answers messages to runs that start at once, and to runs that
    /// others replace.
    mutating func write(
        _ isWritten: (RunKey) -> Bool, in transaction: PostgresTransaction
    ) async throws -> [InboxMessage] {
        var holds = HoldColumns()
        var notes: [(key: RunKey, command: InboxMessage.Command)] = []
        var newest: [LimitID: RunKey] = [:]
        var replaced: [(tenant: TenantID, run: PostgresUUID)] = []
        let written = rows.filter { isWritten($0.token.key) }
        for row in written {
            if case .debounce = row.pacing.rule { newest[row.pacing.id] = row.token.key }
        }
        for (id, key) in newest {
            if let run = successions[id]?.run { replaced.append((key.tenant, run)) }
        }
        var messages = try await supersede(replaced, in: transaction)
        let stopped = Set(messages.map(\.id.key.run.uuid))
        var delays: [LimitID: Duration] = [:]
        for row in written {
            let id = row.pacing.id
            switch row.pacing.rule {
            case .throttle(let throttle):
                let delay = windows[id, default: StartWindow()].reserve(throttle)
                if delay > 0 || row.limit != nil {
                    holds.append(row, delay: delay)
                } else {
                    holds.append(row, delay: nil)
                    notes.append((row.token.key, .admit))
                }
            case .debounce(let debounce):
                guard newest[id] == row.token.key else {
                    // Its successor is in the same batch.
                    holds.append(row, delay: nil)
                    notes.append((row.token.key, .cancel(reason: SupersededRun.debounced)))
                    continue
                }
                if !(successions[id]?.run.map(stopped.contains) ?? false) { successions[id]?.age = .zero }
                let delay = debounce.delay(age: successions[id]?.age ?? .zero)
                delays[id] = delay
                successions[id]?.run = row.token.key.run.uuid
                holds.append(row, delay: delay.wholeMicroseconds)
            }
        }
        try await holds.write(in: transaction)
        try await keep(delays.keys.sorted(by: LimitID.precedes), in: transaction)
        messages += try await post(notes, in: transaction)
        return messages
    }

    private func supersede(
        _ runs: [(tenant: TenantID, run: PostgresUUID)], in transaction: PostgresTransaction
    ) async throws -> [InboxMessage] {
        guard !runs.isEmpty else { return [] }
        let reason = SupersededRun.debounced
        return try await transaction.execute(
            PacingStatement.supersede, runs.map(\.tenant.value), runs.map(\.run), reason
        ).map { try InboxMessage($0, .cancel(reason: reason)) }
    }

    /// Writes windows and successions as they are now.
    private func keep(_ debounced: [LimitID], in transaction: PostgresTransaction) async throws {
        let throttled = windows.keys.sorted(by: LimitID.precedes)
        if !throttled.isEmpty {
            let states = throttled.map { windows[$0] ?? StartWindow() }
            try await transaction.execute(
                PacingStatement.writeThrottles, throttled.map(\.tenant.value), throttled.map(\.digest.uuid),
                states.map(\.start), states.map(\.used))
        }
        if !debounced.isEmpty {
            let states = debounced.map { successions[$0] }
            try await transaction.execute(
                PacingStatement.writeDebounces, debounced.map(\.tenant.value), debounced.map(\.digest.uuid),
                states.map { $0?.run }, states.map { $0?.age.wholeMicroseconds ?? 0 })
        }
    }

    private func post(
        _ notes: [(key: RunKey, command: InboxMessage.Command)], in transaction: PostgresTransaction
    ) async throws -> [InboxMessage] {
        guard !notes.isEmpty else { return [] }
        let reason = SupersededRun.debounced
        let kinds = notes.map { ($0.command == .admit ? InboxKind.admit : .cancel).rawValue }
        return try await transaction.execute(
            PacingStatement.post, notes.map(\.key.tenant.value), notes.map(\.key.run.uuid), kinds,
            notes.map { $0.command == .admit ? "" : reason }
        ).map { row in
            let isAdmitted = try row.decode(3, as: Int16.self) == InboxKind.admit.rawValue
            return try InboxMessage(row, isAdmitted ? .admit : .cancel(reason: reason))
        }
    }
}

extension Pacing {
    fileprivate var level: LimitLevel {
        switch rule {
        case .throttle: .throttle
        case .debounce: .debounce
        }
    }
}

extension InboxMessage {
    /// Reads tenant, run and id from the first columns.
    init(_ row: PostgresRow, _ command: Command) throws(PostgresError) {
        self.init(
            id: InboxID(
                key: RunKey(try row.decode(0), try row.decode(1)),
                id: RunID.Bytes(try row.decode(2, as: PostgresUUID.self))), command: command)
    }
}

/// The arrays of `PacingStatement.hold`.
private struct HoldColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var ranks: [Int64] = []
    private var pacings: [PostgresUUID] = []
    private var delays: [Int64?] = []
    private var limits: [PostgresUUID?] = []

    mutating func append(_ row: DelayedStart, delay: Int64?) {
        tenants.append(row.token.key.tenant.value)
        runs.append(row.token.key.run.uuid)
        ranks.append(row.token.rank)
        pacings.append(row.pacing.id.digest.uuid)
        delays.append(delay)
        limits.append(delay == nil ? nil : row.limit?.id.digest.uuid)
    }

    func write(in transaction: PostgresTransaction) async throws {
        guard !tenants.isEmpty else { return }
        try await transaction.execute(PacingStatement.hold, tenants, runs, ranks, pacings, delays, limits)
    }
}
