import Telemetry
import Workflows

/// The commands of one batch and what becomes of each.
struct Round {
    enum Fate {
        case undecided
        case verdict(BatchBuilder.Verdict)
        /// There is no such run.
        case missing
        /// In the store; the run's state after the commit.
        case committed(RunLifecycle)
        case duplicate(of: RunID, sameBody: Bool)
        /// Its limit has no slot free.
        case conflict(limit: String)
        /// Its throttle has no start left.
        case throttled(name: String, retryAfter: Duration)
        /// The tenant has as many active runs as it may.
        case overQuota
        case refused(code: String, detail: String)
        case historical
        case again
        case answered
    }

    private(set) var commands: [LaneCommand] = []
    var fates: [Fate] = []

    /// Adds commands; answers the index of the first.
    mutating func append(_ more: [LaneCommand]) -> Int {
        let first = commands.count
        if commands.isEmpty { commands = more } else { commands += more }
        fates += repeatElement(.undecided, count: more.count)
        return first
    }

    mutating func note(_ fate: Fate, at index: Int) { fates[index] = fate }

    /// Nothing of this run was written.
    mutating func exclude(_ draft: BatchBuilder.Draft, _ exclusion: CommitOutcome.Exclusion) {
        switch exclusion {
        case .lostRace:
            for index in draft.commands { fates[index] = .again }
        case .staleFences(let fences):
            for index in draft.commands {
                if case .finish(let finish) = commands[index].kind, fences.isEmpty || fences.contains(finish.fence) {
                    fates[index] = .historical
                } else {
                    fates[index] = .again
                }
            }
        case .duplicate(let run, let sameBody):
            for index in draft.commands { fates[index] = .duplicate(of: run, sameBody: sameBody) }
        case .conflict(let limit):
            for index in draft.commands { fates[index] = .conflict(limit: limit) }
        case .throttled(let name, let pause):
            for index in draft.commands { fates[index] = .throttled(name: name, retryAfter: pause) }
        case .overQuota:
            for index in draft.commands { fates[index] = .overQuota }
        case .refused(let code, let detail):
            let isShared = draft.commands.count > 1
            for index in draft.commands {
                if isShared {
                    commands[index].isAlone = true
                    fates[index] = .again
                } else {
                    refuse(index, code: code, detail: detail)
                }
            }
        }
    }

    /// A refused success becomes a failure of its step, or it would be sent and refused for ever.
    private mutating func refuse(_ index: Int, code: String, detail: String) {
        if case .finish(var finish) = commands[index].kind, case .success = finish.outcome {
            finish.outcome = .failure(
                StepFailure(
                    kind: .invalid, code: "output_refused", message: "the database refused the step's output (\(code))",
                    retryable: false))
            commands[index].kind = .finish(finish)
            fates[index] = .again
        } else {
            fates[index] = .refused(code: code, detail: detail)
        }
    }

    /// Commands whose answer stands in their history.
    var historical: [Int] {
        fates.indices.filter { index in
            switch fates[index] {
            case .historical, .verdict(.historical): true
            case .undecided, .verdict, .missing, .committed, .duplicate, .conflict, .throttled, .overQuota, .refused,
                .again, .answered:
                false
            }
        }
    }

    /// Commands to apply again, in their order.
    func again() -> [LaneCommand] {
        fates.indices.compactMap { index in
            switch fates[index] {
            case .again, .verdict(.deferred), .verdict(.doubtful), .undecided: commands[index]
            case .verdict, .missing, .committed, .duplicate, .conflict, .throttled, .overQuota, .refused, .historical,
                .answered:
                nil
            }
        }
    }

    /// The answer that the fate means; `nil` when it is not decided yet.
    func answer(at index: Int, metrics: EngineMetrics) -> Answer? {
        let command = commands[index]
        switch fates[index] {
        case .undecided, .verdict(.drafted), .verdict(.deferred), .verdict(.doubtful), .verdict(.historical),
            .historical,
            .again, .answered:
            return nil
        case .verdict(.refused(let rejection)):
            return rejection == .repeatedSignal ? .applied : .failed(EngineError(rejection))
        case .verdict(.ended):
            return .failed(EngineError(.runEnded, "the run has ended already"))
        case .missing:
            if case .finish = command.kind {
                metrics.staleOutcomes.add()
                return .finished(.stale)
            }
            return .failed(EngineError(.runNotFound, "there is no such run"))
        case .committed(let state):
            switch command.kind {
            case .start(let intent):
                return .started(
                    Started(
                        run: command.key.run, workflow: intent.flow.name, version: intent.flow.version, created: true,
                        state: state))
            case .finish:
                metrics.recordedOutcomes.add()
                return .finished(.recorded)
            case .cancel, .deadline, .admit:
                return .cancelled
            case .event, .acknowledge, .reopen:
                return .applied
            }
        case .duplicate(let run, let sameBody):
            metrics.duplicateStarts.add()
            guard case .start(let intent) = command.kind else { return .finished(.stale) }
            guard sameBody else {
                return .failed(
                    EngineError(.idempotencyKeyReused, "the idempotency key belongs to another request (run \(run))"))
            }
            return .started(
                Started(
                    run: run, workflow: intent.flow.name, version: intent.flow.version, created: false, state: nil))
        case .conflict(let limit):
            metrics.refusedCommands.add()
            return .failed(
                EngineError(
                    .concurrencyLimit,
                    "the limit \(limit) has no slot free, and its definition says on_conflict: reject"))
        case .throttled(let name, let pause):
            metrics.refusedCommands.add()
            return .failed(
                EngineError(
                    .throttled,
                    "the throttle \(name) has no start left in its window, and its definition says on_excess: drop",
                    retryAfter: pause))
        case .overQuota:
            metrics.refusedCommands.add()
            if case .start(let intent) = command.kind, case .over(let error)? = intent.standing {
                return .failed(error)
            }
            return .failed(EngineError(over: .activeRuns, limit: nil))
        case .refused(let code, _):
            metrics.refusedCommands.add()
            return .failed(EngineError(.refused, "the database refused the command (\(code))"))
        }
    }
}
