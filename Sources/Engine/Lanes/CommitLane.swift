import Supervision
import Synchronization
import Telemetry
import Workflows

/// Group commit: takes what has collected, applies it to the runs in memory, writes one batch, then answers and acts.
///
/// One batch is in flight at a time, so a lane that is idle commits a lone command at once, and a busy one collects
/// hundreds meanwhile. Nothing is answered, offered or shown before its commit.
final class CommitLane: Sendable {
    let queue: LaneQueue
    let parts: EngineParts
    private let holder: QuotaHolder

    init(queue: LaneQueue, number: Int = 0, parts: EngineParts) {
        self.queue = queue
        self.parts = parts
        holder = QuotaHolder(node: parts.node, lane: Int32(number))
    }

    /// Runs until the task is cancelled; what still waits then is answered `unavailable`.
    func run() async throws {
        queue.open()
        defer { for command in queue.close() { command.reply.answer(.failed(.stopping)) } }
        let configuration = parts.configuration
        var backoff = Backoff(base: .milliseconds(50), limit: configuration.outagePause)
        while !Task.isCancelled {
            let commands = await queue.take(count: configuration.batchRuns, bytes: configuration.batchBytes)
            if commands.isEmpty { continue }
            do throws(StoreError) {
                queue.putBack(try await process(commands))
                backoff.reset()
            } catch {
                parts.storeFailed(error, in: "commit lane")
                queue.putBack(commands)
                for expired in queue.expire(now: parts.clock.now) { expired.reply.answer(.failed(.unavailable(error))) }
                let pause = backoff.next(hint: error.retryAfter, random: parts.random())
                await parts.clock.sleep(until: parts.clock.now + pause)
            }
        }
    }

    /// One batch. Answers the commands that must be applied again.
    ///
    /// - Throws: when the store was unavailable and nothing was written or answered.
    func process(_ commands: [LaneCommand]) async throws(StoreError) -> [LaneCommand] {
        let runs = try await runs(of: commands)
        var builder = BatchBuilder(
            id: BatchID(parts.randomBytes()), now: parts.storeClock.now, queues: parts.queues.snapshot,
            breakers: parts.breakers.snapshot, counted: parts.quotas.counted, holder: holder)
        var round = Round(commands: commands)
        for (index, command) in commands.enumerated() {
            round.note(add(command, index: index, runs: runs, to: &builder), at: index)
        }
        guard !builder.isEmpty else { return await settle(round, builder: builder, batch: nil, outcome: nil) }

        let promise = parts.dispatcher.reserve(builder.readyBuckets)
        let batch = builder.finish(leases: promise.sessions)
        let began = parts.clock.now
        let outcome: CommitOutcome
        do {
            outcome = try await parts.store.commit(batch)
        } catch {
            // Memory was ahead of the store: forget what was applied, the commands will be applied anew.
            for key in builder.drafts.keys { parts.directory.cache(of: key).remove(key) }
            parts.dispatcher.abandon(batch.ready, promise)
            if case .refused = error { return refuse(round, error) }
            throw error
        }
        parts.metrics.commits.add()
        parts.metrics.commitSeconds.observe(parts.clock.now - began)
        parts.metrics.commitRuns.observe(Double(builder.drafts.count))
        parts.storeAnswered()
        parts.storeClock.observe(outcome.committedAt)
        return await settle(round, builder: builder, batch: batch, outcome: outcome, promise: promise)
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
        _ round: Round, builder: BatchBuilder, batch: CommitBatch?, outcome: CommitOutcome?,
        promise: Dispatcher.Promise = Dispatcher.Promise()
    ) async -> [LaneCommand] {
        var round = round
        let excluded = outcome?.excluded ?? [:]
        publish(builder.drafts, excluded: excluded)
        if let batch, let outcome {
            parts.dispatcher.committed(batch, outcome, drafts: builder.drafts, promise: promise)
            parts.dispatcher.wake(freed: Set(batch.freed.map(\.queue)))
            if !outcome.admissions.isEmpty { parts.act(on: outcome.admissions) }
            if !batch.timers.isEmpty || !batch.movedDues.isEmpty || !batch.delayed.isEmpty || !batch.pauses.isEmpty {
                parts.timers.raise()
            }
            if !outcome.limits.isEmpty { await admit(outcome.limits) }
            if outcome.breakersChanged { parts.breakerChanges.raise() }
            let posts = batch.posts.filter { excluded[$0.sender] == nil }.map(\.message)
            if !posts.isEmpty { parts.courier.take(posts) }
            if parts.hub.hasSubscribers { parts.eventTail.raise() }
            parts.quotas.bytes.note(batch, excluded: excluded)
            if !batch.counted.isEmpty { count(batch, drafts: builder.drafts, excluded: excluded) }
            parts.committed()
        }
        for (key, draft) in builder.drafts {
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
