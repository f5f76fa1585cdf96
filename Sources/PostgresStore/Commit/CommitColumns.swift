internal import Engine
internal import Postgres
internal import Workflows

/// A batch turned into the arrays that the commit statement unnests.
///
/// Runs stand in the order of their keys, idempotency keys in theirs, so that two batches lock in one order.
struct CommitColumns {
    /// Which rows of a batch to take: all but some, or only some.
    enum Selection {
        case all(except: Set<RunKey>)
        case only(Set<RunKey>)

        func contains(_ key: RunKey) -> Bool {
            switch self {
            case .all(let excluded): excluded.isEmpty || !excluded.contains(key)
            case .only(let chosen): chosen.contains(key)
            }
        }
    }

    let id: BatchID
    private(set) var sections: CommitSections = []
    /// The runs that are written, in the order of their arrays.
    private(set) var starts: [RunStart] = []
    private(set) var advances: [RunAdvance] = []
    /// Ready tokens in the order of their array; the statement answers the numbers of those that it leased.
    private(set) var tokens: [ReadyRow] = []
    private(set) var drops: [TokenDrop] = []
    /// What is written by statements of its own, in the same transaction.
    private(set) var rare = RareRows()
    /// Starts and ends of tenants whose active runs are limited.
    private(set) var counted: [CountedRun] = []
    let holder: QuotaHolder?

    private var start = StartColumns()
    private var key = KeyColumns()
    private var advance = AdvanceColumns()
    private var deadline = GuardedKeys()
    private var deadlineSteps: [Int32] = []
    private(set) var finish = FenceColumns()
    private var transition = TransitionColumns()
    private var payload = PayloadColumns()
    private var ready = TokenColumns()
    private(set) var held = HeldColumns()
    private var admitted = GuardedKeys()
    private var timer = TokenColumns()
    /// The rates under which tokens start, and where those stand among the timers; parked tokens come last.
    private(set) var paced: [Rate] = []
    private var pacedTimers: [Int] = []
    /// Runs that wait for their time to start.
    private(set) var delayed: [DelayedStart] = []
    /// What is told to breakers once the batch is written.
    private(set) var outcomes: [BreakerOutcome] = []
    private var inbox = GuardedKeys()
    private var inboxIDs: [PostgresUUID] = []
    private var event = EventColumns()
    /// Some run was cancelled or has timed out: other nodes stop its attempts.
    private var hasStopped = false
    private var freed: (tenants: [Int32], queues: [Int32]) = ([], [])

    var runs: Int { starts.count + advances.count }
    /// Slots are taken or given, so limits are locked first.
    var needsLimits: Bool {
        !sections.isDisjoint(with: [.held, .releases]) || !paced.isEmpty || !delayed.isEmpty || held.hasStated
            || !outcomes.isEmpty
    }
    /// Nothing has to be decided between the statements: limits, batch and what may move on go in one round trip.
    var isPipelined: Bool {
        isPlain && paced.isEmpty && delayed.isEmpty && outcomes.isEmpty && !held.hasImpatient
    }
    var isEmpty: Bool { runs == 0 && sections.subtracting(.freed).isEmpty && rare.isEmpty }
    /// One statement writes all of it.
    var isPlain: Bool { drops.isEmpty && rare.isEmpty }

    /// - Parameter isContested: Some new run's id may be taken.
    init(_ batch: CommitBatch, id: BatchID, taking selection: Selection, isContested: Bool = false) {
        self.id = id
        holder = batch.holder
        event.reserve(batch.starts.count + batch.advances.count)
        finish.reserve(batch.finishes.count)
        transition.reserve(batch.transitions.count)
        tokens.reserveCapacity(batch.ready.count)
        ready.reserve(batch.ready.count)
        appendStarts(batch, selection)
        if isContested, !starts.isEmpty { sections.insert(.contested) }
        appendAdvances(batch, selection)
        for fence in batch.finishes where selection.contains(fence.key) { finish.append(fence) }
        if !finish.steps.isEmpty { sections.insert(.finishes) }
        for row in batch.transitions where selection.contains(row.key) { append(row) }
        for row in batch.ready where selection.contains(row.key) { append(row) }
        let contested = Self.contested(batch.held)
        for row in batch.held where selection.contains(row.token.key) {
            guard row.joint == nil, !contested.contains(row.limit.id) else {
                held.append(joint: row)
                continue
            }
            sections.insert(.held)
            held.append(row)
        }
        for row in batch.delayed where selection.contains(row.token.key) {
            delayed.append(row)
            if let limit = row.limit { held.append(stated: limit) }
        }
        for release in batch.releases where selection.contains(release.key) {
            sections.insert(.releases)
            held.append(release)
        }
        for key in batch.admitted where selection.contains(key) {
            sections.insert(.admitted)
            admitted.append(key, free: false)
        }
        for row in batch.timers { append(row, selection) }
        drops = batch.drops.filter { selection.contains($0.key) }
        rare = RareRows(batch, selection, joint: held.joint)
        for row in rare.parked {
            if let limit = row.limit { held.append(stated: limit) }
            if let joint = row.joint { held.append(stated: joint) }
            if let rate = row.rate { paced.append(rate) }
        }
        if !batch.outcomes.isEmpty { outcomes = batch.outcomes.filter { selection.contains($0.key) } }
        counted = batch.counted.filter { selection.contains($0.key) }
        for queue in batch.freed {
            sections.insert(.freed)
            freed.tenants.append(queue.tenant.value)
            freed.queues.append(queue.queue.value)
        }
        if !batch.firedRunTimers.isEmpty || !batch.appliedInbox.isEmpty || !batch.clearedDues.isEmpty {
            appendApplied(batch, selection)
        }
    }

    /// Limits for which steps with two of them wait: nobody else of the batch shall be seated before they are judged.
    private static func contested(_ rows: [HeldRow]) -> Set<LimitID> {
        guard rows.contains(where: { $0.joint != nil }) else { return [] }
        return Set(rows.lazy.filter { $0.joint != nil }.map(\.limit.id))
    }

    // MARK: Building

    private mutating func appendStarts(_ batch: CommitBatch, _ selection: Selection) {
        guard !batch.starts.isEmpty else { return }
        starts = batch.starts.filter { selection.contains($0.key) }
        guard !starts.isEmpty else { return }
        starts.sort { RunKey.precedes($0.key, $1.key) }
        sections.insert(.starts)
        start.reserve(starts.count)
        for run in starts {
            start.append(run)
            if run.urgency != .usual { sections.insert(.urgency) }
            if run.input.count > InlineLimit.run {
                appendPayload(run.key, kind: .runInput, step: -1, revision: 0, run.input)
            }
            if let ending = run.ending { appendEnding(ending, of: run.key, revision: run.revision) }
            event.append(run.key, run.event)
        }
        let keyed = starts.filter { $0.idempotency != nil }
        guard !keyed.isEmpty else { return }
        sections.insert(.keys)
        key.append(keyed)
    }

    private mutating func appendAdvances(_ batch: CommitBatch, _ selection: Selection) {
        guard !batch.advances.isEmpty else { return }
        advances = batch.advances.filter { selection.contains($0.key) }
        guard !advances.isEmpty else { return }
        advances.sort { RunKey.precedes($0.key, $1.key) }
        sections.insert(.advances)
        advance.reserve(advances.count)
        for run in advances {
            advance.append(run)
            if run.state == .cancelled || run.state == .timedOut { hasStopped = true }
            if let ending = run.ending { appendEnding(ending, of: run.key, revision: run.revision) }
            event.append(run.key, run.event)
        }
    }

    private mutating func appendEnding(_ ending: RunEnding, of key: RunKey, revision: Int64) {
        sections.insert(.endings)
        if ending.hasDeadline {
            appendDue(key, TimerLine.runDeadline, free: false)
        }
        if let output = ending.output, output.count > InlineLimit.run {
            appendPayload(key, kind: .runOutput, step: -1, revision: revision, output)
        }
    }

    private mutating func append(_ row: TransitionRow) {
        sections.insert(.transitions)
        transition.append(row)
        if let output = row.transition.output, output.count > InlineLimit.step {
            appendPayload(
                row.key, kind: row.transition.state == .expanded ? .stepItems : .stepOutput, step: row.transition.step,
                revision: row.transition.revision, output)
        }
    }

    private mutating func append(_ row: ReadyRow) {
        sections.insert(.ready)
        if row.lease != nil { sections.insert(.leases) }
        tokens.append(row)
        ready.append(row)
    }

    private mutating func append(_ row: TimerRow, _ selection: Selection) {
        switch row.kind {
        case .token(let token):
            guard selection.contains(token.key) else { return }
            timer.append(token)
        case .runDeadline(let key):
            guard selection.contains(key) else { return }
            timer.appendDue(key, TimerLine.runDeadline)
        case .stepDue(let step):
            guard selection.contains(step.run) else { return }
            timer.appendDue(step.run, TimerLine.due(step.step))
        }
        sections.insert(.timers)
        timer.delays.append(row.delay.microseconds)
        timer.limits.append(row.limit?.id.digest.uuid)
        timer.rates.append(row.rate?.id.digest.uuid)
        if let limit = row.limit { held.append(stated: limit) }
        if let joint = row.joint { held.append(stated: joint) }
        guard let rate = row.rate else { return }
        paced.append(rate)
        pacedTimers.append(timer.delays.count - 1)
    }

    private mutating func appendPayload(
        _ key: RunKey, kind: PayloadKind, step: Int32, revision: Int64, _ content: [UInt8]
    ) {
        sections.insert(.payloads)
        payload.append(key, kind: kind, step: step, revision: revision, content)
    }

    private mutating func appendDue(_ key: RunKey, _ line: Int32, free: Bool) {
        sections.insert(.deadlines)
        deadline.append(key, free: free)
        deadlineSteps.append(line)
    }

    /// What was applied is deleted if its run is written, or if this batch writes nothing of its run.
    private mutating func appendApplied(_ batch: CommitBatch, _ selection: Selection) {
        var known = Set(batch.starts.lazy.map(\.key))
        for run in batch.advances { known.insert(run.key) }
        for key in batch.firedRunTimers where selection.contains(key) {
            appendDue(key, TimerLine.runDeadline, free: !known.contains(key))
        }
        for due in batch.clearedDues where selection.contains(due.run) {
            appendDue(due.run, TimerLine.due(due.step), free: !known.contains(due.run))
        }
        for message in batch.appliedInbox where selection.contains(message.key) {
            sections.insert(.inbox)
            inbox.append(message.key, free: !known.contains(message.key))
            inboxIDs.append(message.id.uuid)
        }
    }

    /// When the tokens under rates are due, in their order, in µs.
    mutating func pace(_ delays: [Int64]) {
        for (timer, delay) in zip(pacedTimers, delays) { self.timer.delays[timer] = delay }
        rare.pace(delays.dropFirst(pacedTimers.count))
    }

    // MARK: Binding

    /// Binds the parameters in the order in which `CommitStatement` numbers them.
    func bind(into parameters: inout PostgresParameters) {
        parameters.append(id.value.uuid)
        parameters.append(Int64(runs))
        parameters.append(hasStopped)
        if sections.contains(.starts) {
            if sections.contains(.keys) { key.bind(into: &parameters) }
            start.bind(into: &parameters, urgency: sections.contains(.urgency))
        }
        if sections.contains(.advances) { advance.bind(into: &parameters) }
        if sections.contains(.deadlines) {
            deadline.bind(into: &parameters)
            parameters.append(deadlineSteps)
        }
        if sections.contains(.finishes) { finish.bind(into: &parameters) }
        if sections.contains(.transitions) { transition.bind(into: &parameters) }
        if sections.contains(.payloads) { payload.bind(into: &parameters) }
        if sections.contains(.ready) { ready.bindReady(into: &parameters, leases: sections.contains(.leases)) }
        if sections.contains(.held) { held.bindHeld(into: &parameters) }
        if sections.contains(.releases) { held.bindReleases(into: &parameters) }
        if sections.contains(.admitted) {
            parameters.append(admitted.tenants)
            parameters.append(admitted.runs)
        }
        if sections.contains(.timers) { timer.bindTimers(into: &parameters) }
        if sections.contains(.inbox) {
            parameters.append(inbox.tenants)
            parameters.append(inbox.runs)
            parameters.append(inboxIDs)
            parameters.append(inbox.free)
        }
        event.bind(into: &parameters)
        if sections.contains(.freed) {
            parameters.append(freed.tenants)
            parameters.append(freed.queues)
        }
    }
}

/// Up to which size a text stands in its own row.
enum InlineLimit {
    static let run = 512
    static let step = 4096
}

/// What a row of `payloads` holds.
enum PayloadKind: Int16 {
    case runInput = 1
    case runOutput = 2
    case stepOutput = 3
    /// The items that a step was expanded to.
    case stepItems = 4
}
