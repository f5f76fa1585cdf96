internal import Engine
internal import Postgres
internal import Workflows

/// Breakers that a transaction has locked, and what becomes of them there.
struct BreakerRows {
    private(set) var records: [BreakerRecord] = []
    /// The database's time after the locks were taken.
    private(set) var now = Timestamp(microseconds: 0)

    /// Locks breakers in the order of their ids.
    ///
    /// - Parameter ids: With each, whether it matters while it is closed.
    init(locking ids: [LimitID: Bool], in transaction: PostgresTransaction) async throws {
        let sorted = ids.sorted { LimitID.precedes($0.key, $1.key) }
        let rows = try await transaction.execute(
            BreakerStatement.lock, sorted.map(\.key.tenant.value), sorted.map(\.key.digest.uuid), sorted.map(\.value))
        for row in rows {
            records.append(try BreakerRecord(row))
            now = Timestamp(try row.decode(17, as: PostgresTimestamp.self))
        }
    }

    /// What changes of breakers came to.
    struct Effect {
        /// One of a task type has changed.
        var isOfTaskType = false
        /// Limits of which recalled steps have given back slots: unlocked, so their lines are looked at afterwards.
        var freed: [LimitID] = []
    }

    /// Tells breakers of ended attempts whose runs have been written.
    static func record(_ outcomes: [BreakerOutcome], in transaction: PostgresTransaction) async throws -> Effect {
        try await state(outcomes, in: transaction)
        let groups = Dictionary(grouping: outcomes, by: \.breaker)
        let rows = try await BreakerRows(locking: groups.mapValues { $0.contains(where: \.matters) }, in: transaction)
        return try await rows.change(in: transaction) { record, now in
            record.breaker.record((groups[record.id] ?? []).map(\.outcome), rule: record.rule, at: now)
        }
    }

    /// Applies something to all of them, and writes what follows: the slots of targets, steps that go back to the line,
    /// queues that are shut.
    func change(
        in transaction: PostgresTransaction, _ body: (inout BreakerRecord, Timestamp) -> Void
    ) async throws -> Effect {
        var effect = Effect()
        var changes: [(old: BreakerRecord, new: BreakerRecord)] = []
        for record in records {
            var changed = record
            body(&changed, now)
            guard changed != record else { continue }
            // What is only counted is nobody's news.
            if changed.breaker.phase != record.breaker.phase { changed.revision += 1 }
            changes.append((record, changed))
        }
        guard !changes.isEmpty else { return effect }
        try await Self.write(changes.map(\.new), in: transaction)

        let resized = changes.filter { $0.new.kind == .target && $0.old.slots != $0.new.slots }.map(\.new)
        if !resized.isEmpty {
            try await transaction.execute(
                BreakerStatement.setSlots, resized.map(\.id.tenant.value), resized.map(\.id.digest.uuid),
                resized.map(\.slots))
            let shut = resized.filter { $0.slots == 0 }.map(\.id)
            if !shut.isEmpty { effect.freed = try await Self.recall(shut, in: transaction) }
        }
        let tenants = Set(
            changes.filter { $0.new.kind == .taskType && $0.old.revision != $0.new.revision }.map(\.new.id.tenant))
        for tenant in tenants.sorted() { try await transaction.execute(BreakerStatement.shutQueues, tenant.value) }
        effect.isOfTaskType = !tenants.isEmpty
        return effect
    }

    /// - Returns: the other limits of which steps have given back slots.
    static func recall(_ targets: [LimitID], in transaction: PostgresTransaction) async throws -> [LimitID] {
        var freed: [LimitID] = []
        let rows = try await transaction.execute(
            BreakerStatement.recall, targets.map(\.tenant.value), targets.map(\.digest.uuid))
        for row in rows {
            freed.append(
                LimitID(
                    tenant: TenantID(try row.decode(0)),
                    digest: RunID.Bytes(try row.decode(1, as: PostgresUUID.self))))
        }
        return freed
    }

    /// Makes breakers of targets that have something to count.
    private static func state(_ outcomes: [BreakerOutcome], in transaction: PostgresTransaction) async throws {
        var stated: [LimitID: (name: String, terms: BreakerOutcome.Terms)] = [:]
        for outcome in outcomes where outcome.matters {
            guard let terms = outcome.terms else { continue }
            if let other = stated[outcome.breaker], other.terms.flow.value >= terms.flow.value { continue }
            stated[outcome.breaker] = (outcome.name, terms)
        }
        guard !stated.isEmpty else { return }
        let rows = stated.sorted { LimitID.precedes($0.key, $1.key) }
        let rules = rows.map(\.value.terms.rule)
        try await transaction.execute(
            BreakerStatement.state, rows.map(\.key.tenant.value), rows.map(\.key.digest.uuid),
            rows.map { String($0.value.name.prefix(500)) }, rules.map(\.failures), rules.map(\.ratio),
            rules.map(\.window.microseconds), rules.map(\.pause.microseconds), rules.map(\.probes),
            rows.map(\.value.terms.flow.value))
    }

    private static func write(_ records: [BreakerRecord], in transaction: PostgresTransaction) async throws {
        let breakers = records.map(\.breaker)
        try await transaction.execute(
            BreakerStatement.write, records.map(\.id.tenant.value), records.map(\.id.digest.uuid),
            breakers.map(\.phase.code), breakers.map { $0.phase.until?.postgres }, breakers.map(\.phase.passed),
            breakers.map { "{\($0.window.counts.map(String.init).joined(separator: ","))}" },
            breakers.map(\.window.newest), breakers.map(\.changedAt.postgres), breakers.map(\.trips),
            records.map(\.revision))
    }
}

extension BreakerRecord {
    /// Reads the columns that `BreakerStatement` answers.
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let kind = BreakerKind(rawValue: try row.decode(2)) else {
            throw PostgresError(.decoding, reason: "a breaker is of an unknown kind")
        }
        let until = try row.decode(10, as: PostgresTimestamp?.self).map(Timestamp.init)
        let phase: Breaker.Phase
        switch try row.decode(9, as: Int16.self) {
        case 1: phase = .closed
        case 2: phase = .open(until: until)
        case 3: phase = .halfOpen(passed: try row.decode(11))
        case let code: throw PostgresError(.decoding, reason: "a breaker is in the unknown phase \(code)")
        }
        self.init(
            id: LimitID(
                tenant: TenantID(try row.decode(0)), digest: RunID.Bytes(try row.decode(1, as: PostgresUUID.self))),
            kind: kind, name: try row.decode(3),
            rule: BreakerRule(
                failures: try row.decode(4), ratio: try row.decode(5),
                window: .microseconds(try row.decode(6, as: Int64.self)),
                pause: .microseconds(try row.decode(7, as: Int64.self)), probes: try row.decode(8)),
            breaker: Breaker(
                phase: phase, window: OutcomeWindow(counts: try row.decode(12), newest: try row.decode(13)),
                changedAt: Timestamp(try row.decode(14, as: PostgresTimestamp.self)), trips: try row.decode(15)),
            revision: try row.decode(16))
    }
}

extension Breaker.Phase {
    fileprivate var code: Int16 {
        switch self {
        case .closed: 1
        case .open: 2
        case .halfOpen: 3
        }
    }

    fileprivate var until: Timestamp? {
        switch self {
        case .open(let until): until
        case .closed, .halfOpen: nil
        }
    }

    fileprivate var passed: Int32 {
        switch self {
        case .halfOpen(let passed): passed
        case .closed, .open: 0
        }
    }
}
