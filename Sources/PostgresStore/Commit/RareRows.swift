internal import Audit
internal import Engine
internal import Postgres
internal import Workflows

/// The rows of a batch that few batches have.
struct RareRows {
    private var endedWaits: [StepKey] = []
    private var waits: [WaitRow] = []
    private(set) var parked: [TimerRow] = []
    private var pauses: [RunPause] = []
    /// Tokens of `HeldColumns.joint`, and those in `timers` that need slots of two limits.
    private var joint: [HeldRow] = []
    private var jointTimers: [TimerRow] = []
    private var posts: [InboxPost] = []
    private var children: [RunStart] = []
    private var outcomes = OutcomeColumns()
    private var movedDues: [(step: StepKey, delay: Duration)] = []
    private var repeats: [RunStart] = []
    private var deadLetters: [DeadLetterRow] = []
    private var reopened: [RunReopened] = []
    private var audit: [AuditedChange] = []

    init() {}

    init(_ batch: CommitBatch, _ selection: CommitColumns.Selection, joint: [HeldRow]) {
        self.joint = joint
        endedWaits = batch.endedWaits.filter { selection.contains($0.run) }
        waits = batch.waits.filter { selection.contains($0.step.run) }
        parked = batch.parked.filter { $0.token.map { selection.contains($0.key) } ?? false }
        pauses = batch.pauses.filter { selection.contains($0.key) }
        jointTimers = batch.timers.filter { timer in
            timer.joint != nil && timer.token.map { selection.contains($0.key) } ?? false
        }
        posts = batch.posts.filter { selection.contains($0.sender) }
        audit = batch.audit.filter { selection.contains($0.key) }
        children = batch.starts.filter { $0.parent != nil && selection.contains($0.key) }
        movedDues = batch.movedDues.compactMap { timer in
            guard case .stepDue(let step) = timer.kind, selection.contains(step.run) else { return nil }
            return (step, timer.delay)
        }
        if !batch.sharedOutcomes.isEmpty || !batch.freedOutcomes.isEmpty { outcomes = OutcomeColumns(batch, selection) }
        repeats = batch.starts.filter { $0.origin != nil && selection.contains($0.key) }
        deadLetters = batch.deadLetters.filter { selection.contains($0.key) }
        reopened = batch.reopened.filter { selection.contains($0.key) }
    }

    var isEmpty: Bool {
        endedWaits.isEmpty && waits.isEmpty && parked.isEmpty && pauses.isEmpty && posts.isEmpty && children.isEmpty
            && outcomes.isEmpty && movedDues.isEmpty && joint.isEmpty && jointTimers.isEmpty
            && repeats.isEmpty && deadLetters.isEmpty && reopened.isEmpty && audit.isEmpty
    }

    /// Those of runs that were written.
    func written(by reply: CommitReply) -> RareRows {
        guard reply.written != nil else { return self }
        var rows = self
        rows.endedWaits.removeAll { !reply.wrote($0.run) }
        rows.waits.removeAll { !reply.wrote($0.step.run) }
        rows.parked.removeAll { row in row.token.map { !reply.wrote($0.key) } ?? true }
        rows.pauses.removeAll { !reply.wrote($0.key) }
        rows.joint.removeAll { !reply.wrote($0.token.key) }
        rows.jointTimers.removeAll { row in row.token.map { !reply.wrote($0.key) } ?? true }
        rows.posts.removeAll { !reply.wrote($0.sender) }
        rows.children.removeAll { !reply.wrote($0.key) }
        rows.outcomes.remove { !reply.wrote($0) }
        rows.movedDues.removeAll { !reply.wrote($0.step.run) }
        rows.repeats.removeAll { !reply.wrote($0.key) }
        rows.deadLetters.removeAll { !reply.wrote($0.key) }
        rows.reopened.removeAll { !reply.wrote($0.key) }
        rows.audit.removeAll { !reply.wrote($0.key) }
        return rows
    }

    func writeEndedWaits(on connection: PostgresTransaction) async throws(PostgresError) {
        guard !endedWaits.isEmpty else { return }
        _ = try await connection.execute(
            RareStatement.endWaits, endedWaits.map(\.run.tenant.value), endedWaits.map(\.run.run.uuid),
            endedWaits.map(\.step))
    }

    /// Answers the messages to those who waited for what is settled.
    func writeOutcomes(on connection: PostgresTransaction) async throws(PostgresError) -> [InboxMessage] {
        outcomes.isEmpty ? [] : try await outcomes.write(on: connection)
    }

    /// Before the runs are written: one that goes on stands among the ended no more, and may end in the same commit.
    func writeReopened(on connection: PostgresTransaction) async throws(PostgresError) {
        guard !reopened.isEmpty else { return }
        _ = try await connection.execute(
            DeadLetterStatement.leaveIndex, reopened.map(\.key.tenant.value), reopened.map(\.key.run.uuid),
            reopened.map(\.expectedRevision))
    }

    private func writeDeadLetters(on connection: PostgresTransaction) async throws(PostgresError) {
        if !reopened.isEmpty {
            _ = try await connection.execute(
                DeadLetterStatement.redrive, reopened.map(\.key.tenant.value), reopened.map(\.key.run.uuid),
                reopened.map(\.expectedRevision), reopened.map(\.by))
        }
        guard !deadLetters.isEmpty else { return }
        _ = try await connection.execute(
            DeadLetterStatement.insert, deadLetters.map(\.key.tenant.value), deadLetters.map(\.key.run.uuid),
            deadLetters.map(\.revision), deadLetters.map(\.step), deadLetters.map(\.attempt),
            deadLetters.map(\.generation), deadLetters.map(\.flow.value), deadLetters.map(\.isChild),
            deadLetters.map(\.name), deadLetters.map { RawText($0.failure.databaseText) },
            deadLetters.map { $0.input.map(RawText.init) }, deadLetters.map(\.timing.worker),
            deadLetters.map { $0.timing.enqueuedAt?.postgres }, deadLetters.map { $0.timing.leasedAt?.postgres },
            deadLetters.map { $0.timing.startedAt?.postgres })
    }

    /// When the tokens under rates are due, in their order, in µs.
    mutating func pace(_ delays: some Sequence<Int64>) {
        for (index, delay) in zip(parked.indices.filter { parked[$0].rate != nil }, delays) {
            parked[index].delay = .microseconds(delay)
        }
    }

    /// Answers the buckets that received tokens of resumed runs, and the limits in whose lines others stand now.
    func write(
        on connection: PostgresTransaction
    ) async throws(PostgresError) -> (ready: [ReadyBucket], limits: [LimitID]) {
        if !waits.isEmpty {
            _ = try await connection.execute(
                RareStatement.wait, waits.map(\.step.run.tenant.value), waits.map(\.step.run.run.uuid),
                waits.map(\.step.step), waits.map(\.request.kind.rawValue), waits.map(\.request.subject))
        }
        if !parked.isEmpty {
            let tokens = parked.compactMap(\.token)
            _ = try await connection.execute(
                RareStatement.park, tokens.map(\.key.tenant.value), tokens.map(\.key.run.uuid),
                tokens.map(\.bucket.queue.value), tokens.map(\.bucket.route.value), tokens.map(\.rank),
                tokens.map(\.step), tokens.map(\.attempt), tokens.map(\.losses), parked.map(\.delay.microseconds),
                parked.map { $0.limit?.id.digest.uuid }, parked.map { $0.rate?.id.digest.uuid },
                parked.map { $0.joint?.id.digest.uuid })
        }
        try await writeJoint(on: connection)
        if !movedDues.isEmpty {
            _ = try await connection.execute(
                RareStatement.moveDues, movedDues.map(\.step.run.tenant.value), movedDues.map(\.step.run.run.uuid),
                movedDues.map { TimerLine.due($0.step.step) }, movedDues.map(\.delay.microseconds))
        }
        if !children.isEmpty {
            _ = try await connection.execute(
                RareStatement.parent, children.map(\.key.tenant.value), children.map(\.key.run.uuid),
                children.compactMap(\.parent?.run.uuid), children.compactMap(\.parent?.step), children.map(\.depth))
        }
        if !repeats.isEmpty {
            _ = try await connection.execute(
                RareStatement.origin, repeats.map(\.key.tenant.value), repeats.map(\.key.run.uuid),
                repeats.compactMap(\.origin?.uuid))
        }
        try await writeDeadLetters(on: connection)
        if !posts.isEmpty {
            let inbox = InboxColumns(posts.map(\.message))
            _ = try await connection.execute(
                InboxColumns.post, inbox.tenants, inbox.runs, inbox.ids, inbox.kinds, inbox.bodies)
        }
        if !audit.isEmpty {
            var pipeline = PostgresPipeline(.single)
            AuditColumns(audit.map(\.entry)).add(to: &pipeline)
            _ = try await connection.execute(pipeline)
        }
        return try await move(on: connection)
    }

    private func writeJoint(on connection: PostgresTransaction) async throws(PostgresError) {
        if !joint.isEmpty {
            let tokens = joint.map(\.token)
            _ = try await connection.execute(
                JointStatement.join, tokens.map(\.key.tenant.value), tokens.map(\.key.run.uuid),
                tokens.map(\.bucket.queue.value), tokens.map(\.bucket.route.value), tokens.map(\.rank),
                tokens.map(\.step), tokens.map(\.attempt), tokens.map(\.losses),
                joint.map(\.limit.id.digest.uuid), joint.map { $0.joint?.id.digest.uuid })
        }
        guard !jointTimers.isEmpty else { return }
        let tokens = jointTimers.compactMap(\.token)
        _ = try await connection.execute(
            JointStatement.schedule, tokens.map(\.key.tenant.value), tokens.map(\.key.run.uuid), tokens.map(\.step),
            jointTimers.map { $0.joint?.id.digest.uuid })
    }

    private func move(
        on connection: PostgresTransaction
    ) async throws(PostgresError) -> (ready: [ReadyBucket], limits: [LimitID]) {
        let paused = pauses.filter(\.isPaused).map(\.key)
        if !paused.isEmpty {
            _ = try await connection.execute(RareStatement.pause, paused.map(\.tenant.value), paused.map(\.run.uuid))
        }
        let resumed = pauses.filter { !$0.isPaused }.map(\.key)
        guard !resumed.isEmpty else { return ([], []) }
        return try PostgresStore.returned(
            try await connection.execute(
                RareStatement.resume, resumed.map(\.tenant.value), resumed.map(\.run.uuid)))
    }
}

extension TimerRow {
    /// The token that becomes ready when it is due.
    fileprivate var token: ReadyRow? {
        if case .token(let row) = kind { row } else { nil }
    }
}
