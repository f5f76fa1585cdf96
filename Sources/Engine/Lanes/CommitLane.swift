import Supervision
import Synchronization
import Telemetry
import Workflows

/// Group commit: takes what has collected, applies it to the runs in memory, writes one batch, then answers and acts.
///
/// One batch is being written at a time, so a lane that is idle commits a lone command at once, and a busy one collects
/// hundreds meanwhile: the next batch is gathered, and the last one answered, beside it. Nothing is answered, offered or
/// shown before its commit.
final class CommitLane: Sendable {
    let queue: LaneQueue
    let parts: EngineParts
    private let holder: QuotaHolder
    private let unsettled: UnsettledRuns

    init(queue: LaneQueue, number: Int = 0, parts: EngineParts) {
        self.queue = queue
        self.parts = parts
        holder = QuotaHolder(node: parts.node, lane: Int32(number))
        unsettled = UnsettledRuns(batches: parts.configuration.laneBatches)
    }

    /// Runs until the task is cancelled; what still waits then is answered `unavailable`.
    func run() async throws {
        queue.open()
        defer { for command in queue.close() { command.reply.answer(.failed(.stopping)) } }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<parts.configuration.laneBatches {
                group.addTask { await self.serve(number) }
            }
        }
    }

    /// One batch after the other, beside those of the other numbers.
    private func serve(_ number: Int) async {
        let configuration = parts.configuration
        var backoff = Backoff(base: .milliseconds(50), limit: configuration.outagePause)
        while !Task.isCancelled {
            guard let commands = await queue.begin(LaneBatch.room(configuration)) else { continue }
            do throws(StoreError) {
                let again = try await process(commands, as: number)
                queue.putBack(again + unsettled.settle(number))
                backoff.reset()
            } catch {
                parts.storeFailed(error, in: "commit lane")
                for expired in queue.expire(now: parts.clock.now) { expired.reply.answer(.failed(.unavailable(error))) }
                let pause = backoff.next(hint: error.retryAfter, random: parts.random())
                await parts.clock.sleep(until: parts.clock.now + pause)
            }
        }
    }

    private func open(_ number: Int) -> LaneBatch {
        LaneBatch(
            number: number,
            builder: BatchBuilder(
                id: BatchID(parts.randomBytes()), now: parts.storeClock.now, queues: parts.queues.snapshot,
                breakers: parts.breakers.snapshot, counted: parts.quotas.counted, holder: holder))
    }

    /// One batch. Answers the commands that must be applied again.
    ///
    /// - Throws: when the store was unavailable; nothing was written or answered, and the commands wait again.
    private func process(_ commands: [LaneCommand], as number: Int) async throws(StoreError) -> [LaneCommand] {
        var batch = open(number)
        guard try await gather(commands, into: &batch) else {
            return await settle(batch, written: nil, outcome: nil)
        }
        let promise = parts.dispatcher.reserve(batch.builder.readyBuckets)
        let written = batch.builder.finish(leases: promise.sessions)
        queue.endGathering()
        let began = parts.clock.now
        let outcome: CommitOutcome
        do {
            outcome = try await parts.store.commit(written)
        } catch {
            queue.endWriting()
            parts.dispatcher.abandon(written.ready, promise)
            if case .refused = error {
                forget(batch)
                return refuse(batch.round, error)
            }
            giveUp(batch)
            throw error
        }
        queue.endWriting()
        parts.metrics.commits.add()
        parts.metrics.commitSeconds.observe(parts.clock.now - began)
        parts.metrics.commitRuns.observe(Double(batch.builder.drafts.count))
        parts.storeAnswered()
        parts.storeClock.observe(outcome.committedAt)
        return await settle(batch, written: written, outcome: outcome, promise: promise)
    }

    /// Adds the commands, and more until the batch before it is written; then it is this one's turn. Answers whether there
    /// is anything to write: if not, it takes no turn.
    private func gather(_ commands: [LaneCommand], into batch: inout LaneBatch) async throws(StoreError) -> Bool {
        var isTurn = false
        do throws(StoreError) {
            try await add(commands, to: &batch)
            if batch.builder.isEmpty {
                queue.endGathering()
                return false
            }
            while !isTurn {
                switch await queue.next(batch.room(parts.configuration)) {
                case .gather(let more):
                    try await add(more, to: &batch)
                case .write(let last):
                    isTurn = true
                    try await add(last, to: &batch)
                }
            }
            return true
        } catch {
            giveUp(batch)
            queue.endGathering()
            if isTurn { queue.endWriting() }
            throw error
        }
    }

    /// Memory was ahead of the store: forget what was applied.
    private func forget(_ batch: LaneBatch) {
        for key in batch.builder.drafts.keys { parts.directory.cache(of: key).remove(key) }
    }

    /// The commands will be applied anew.
    private func giveUp(_ batch: LaneBatch) {
        forget(batch)
        queue.putBack(batch.round.commands + unsettled.settle(batch.number))
    }

    /// Applies commands whose runs no other batch has; the others wait for that one.
    private func add(_ commands: [LaneCommand], to batch: inout LaneBatch) async throws(StoreError) {
        let free = unsettled.take(commands, for: batch.number)
        guard !free.isEmpty else { return }
        var index = batch.append(free)
        let runs = try await runs(of: free)
        for command in free {
            batch.round.note(add(command, index: index, runs: runs, to: &batch.builder), at: index)
            index += 1
        }
    }

    private func runs(of commands: [LaneCommand]) async throws(StoreError) -> RunDirectory.Found {
        var keys: Set<RunKey> = []
        for command in commands {
            switch command.kind {
            case .start, .acknowledge: continue
            case .finish, .cancel, .admit, .deadline, .event, .reopen: keys.insert(command.key)
            }
        }
        return keys.isEmpty ? RunDirectory.Found() : try await parts.directory.find(keys)
    }

    private func add(
        _ command: LaneCommand, index: Int, runs: RunDirectory.Found, to builder: inout BatchBuilder
    ) -> Round.Fate {
        if case .start(let intent) = command.kind {
            return .verdict(builder.start(intent, key: command.key, command: index, random: parts.random()))
        }
        if case .acknowledge = command.kind {
            if let inbox = command.inbox { builder.discard(inbox) }
            return .answered
        }
        guard let entry = runs.entries[command.key] else {
            if let inbox = command.inbox { builder.discard(inbox) }
            return .missing
        }
        let verdict = builder.advance(
            command, entry: entry, isCurrent: runs.loaded.contains(command.key), index: index, random: parts.random())
        if verdict == .doubtful { parts.directory.cache(of: command.key).remove(command.key) }
        return .verdict(verdict)
    }

    // MARK: After the commit

    /// Publishes, acts and answers. What could not be decided is applied again.
    private func settle(
        _ batch: LaneBatch, written: CommitBatch?, outcome: CommitOutcome?,
        promise: Dispatcher.Promise = Dispatcher.Promise()
    ) async -> [LaneCommand] {
        var round = batch.round
        let drafts = batch.builder.drafts
        let excluded = outcome?.excluded ?? [:]
        publish(drafts, excluded: excluded)
        if let written, let outcome {
            parts.dispatcher.committed(written, outcome, drafts: drafts, promise: promise)
            parts.dispatcher.wake(freed: Set(written.freed.map(\.queue)))
            if !outcome.admissions.isEmpty { parts.act(on: outcome.admissions) }
            let hasTimers = !written.timers.isEmpty || !written.movedDues.isEmpty
            if hasTimers || !written.delayed.isEmpty || !written.pauses.isEmpty { parts.timers.raise() }
            if !outcome.limits.isEmpty { await admit(outcome.limits) }
            if outcome.breakersChanged { parts.breakerChanges.raise() }
            let posts = written.posts.filter { excluded[$0.sender] == nil }.map(\.message)
            if !posts.isEmpty { parts.courier.take(posts) }
            if parts.hub.hasSubscribers { parts.eventTail.raise() }
            parts.quotas.bytes.note(written, excluded: excluded)
            if !written.counted.isEmpty { count(written, drafts: drafts, excluded: excluded) }
            parts.committed()
        }
        for (key, draft) in drafts {
            if let exclusion = excluded[key] {
                round.exclude(draft, exclusion)
            } else {
                for index in draft.commands { round.fates[index] = .committed(draft.state) }
            }
        }
        answer(&round)
        await answerFromHistory(&round)
        return round.again()
    }

    /// Units have become runs, and ended runs left places.
    private func count(
        _ batch: CommitBatch, drafts: [RunKey: BatchBuilder.Draft], excluded: [RunKey: CommitOutcome.Exclusion]
    ) {
        var ended: Set<TenantID> = []
        for run in batch.counted where excluded[run.key] == nil {
            if run.change < 0 { ended.insert(run.key.tenant) }
            if case .unit(let unit)? = drafts[run.key]?.standing { unit.use() }
        }
        if !ended.isEmpty { parts.quotas.noteEnded(ended) }
    }

    /// Resumed runs have joined the lines of limits. Should this fail, the sweep of the limits does it.
    private func admit(_ limits: [LimitID]) async {
        do {
            parts.act(on: try await parts.store.admit(limits))
        } catch {
            parts.storeFailed(error, in: "commit lane")
        }
    }

    private func publish(_ drafts: [RunKey: BatchBuilder.Draft], excluded: [RunKey: CommitOutcome.Exclusion]) {
        for (key, draft) in drafts {
            let cache = parts.directory.cache(of: key)
            if let exclusion = excluded[key] {
                if case .lostRace = exclusion { parts.metrics.lostRaces.add() }
                cache.remove(key)
                continue
            }
            draft.entry.settle()
            if draft.ending != nil {
                cache.remove(key)
                parts.metrics.runsEnded.add()
            } else {
                cache.insert(draft.entry, cost: draft.entry.cost)
            }
            if draft.start != nil { parts.metrics.runsStarted.add() }
        }
    }

    private func answer(_ round: inout Round) {
        let metrics = parts.metrics
        let now = parts.clock.now
        for (index, command) in round.commands.enumerated() {
            guard let answer = round.answer(at: index, metrics: metrics) else { continue }
            round.fates[index] = .answered
            metrics.commandSeconds.observe(now - command.acceptedAt)
            command.reply.answer(answer)
        }
    }

    /// Outcomes that the run no longer takes: recorded before if the history holds this very attempt, else stale.
    private func answerFromHistory(_ round: inout Round) async {
        let late = round.historical
        guard !late.isEmpty else { return }
        let loads = Set(late.map { round.commands[$0].key }).map { RunLoad(key: $0, knownRevision: nil) }
        let records: [RunRecord]
        do {
            records = try await parts.store.loadRuns(loads)
        } catch {
            parts.storeFailed(error, in: "commit lane")
            for index in late { round.fates[index] = .again }
            return
        }
        let histories = Dictionary(records.map { ($0.key, $0.transitions) }) { first, _ in first }
        for index in late {
            guard case .finish(let finish) = round.commands[index].kind else { continue }
            let wasRecorded = histories[finish.fence.key]?.contains { $0.isOutcome(of: finish.fence) } ?? false
            if wasRecorded { parts.metrics.repeatedOutcomes.add() } else { parts.metrics.staleOutcomes.add() }
            round.fates[index] = .answered
            round.commands[index].reply.answer(.finished(wasRecorded ? .alreadyRecorded : .stale))
        }
    }

    /// The whole batch was refused without a culprit: a defect, told to each caller and never retried blindly.
    private func refuse(_ round: Round, _ error: StoreError) -> [LaneCommand] {
        parts.storeFailed(error, in: "commit lane")
        for command in round.commands { command.reply.answer(.failed(.unavailable(error))) }
        return []
    }
}

extension StepTransition {
    /// Whether this row is the record of the attempt's own success or failure (not of its loss or a cancel).
    func isOutcome(of fence: AttemptFence) -> Bool {
        guard step == fence.step, attempt == fence.attempt else { return false }
        switch state {
        case .succeeded, .failed, .scheduled: return true
        // A handler has taken the attempt's failure.
        case .expanded: return attempt > 0
        case .pending, .ready, .running, .waiting, .held, .skipped, .cancelled, .lost, .signalled, .decided, .entered,
            .reopened, .carried:
            return false
        }
    }
}

extension StoreError {
    var retryAfter: Duration {
        switch self {
        case .unavailable(let retryAfter, _): retryAfter
        case .refused: .zero
        }
    }
}
