import Supervision
import Synchronization
import Telemetry
import Workflows

/// Outcomes of attempts that this node does not know: sent again after a reconnect, or long lost. Their fences are put
/// together from the run's plan; the store judges them.
final class LateOutcomes: Sendable {
    struct Outcome: Sendable {
        var tenant: TenantID
        var session: SessionID
        var task: TaskName
        var outcome: FinishCommand.Outcome
        var worker: String
        var sink: any TaskSink
    }

    private let waiting = Mutex<[Outcome]>([])
    private let wakeup = Signal()

    func append(_ outcome: Outcome) {
        waiting.withLock { $0.append(outcome) }
        wakeup.raise()
    }

    func run(_ parts: EngineParts) async throws {
        var backoff = Backoff(base: .milliseconds(50), limit: parts.configuration.outagePause)
        while !Task.isCancelled {
            let outcomes = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            guard !outcomes.isEmpty else {
                await wakeup.wait()
                continue
            }
            do throws(StoreError) {
                try await submit(outcomes, parts: parts)
                backoff.reset()
            } catch {
                waiting.withLock { $0.insert(contentsOf: outcomes, at: 0) }
                parts.storeFailed(error, in: "late outcomes")
                await parts.clock.sleep(
                    until: parts.clock.now + backoff.next(hint: error.retryAfter, random: parts.random()))
            }
        }
    }

    private func submit(_ outcomes: [Outcome], parts: EngineParts) async throws(StoreError) {
        let keys = Set(outcomes.map { RunKey(tenant: $0.tenant, run: $0.task.run) })
        let entries = try await parts.directory.find(keys).entries
        for outcome in outcomes {
            let key = RunKey(tenant: outcome.tenant, run: outcome.task.run)
            guard let step = entries[key]?.flow.index(of: outcome.task.step) else {
                parts.metrics.staleOutcomes.add()
                outcome.sink.acknowledge(outcome.task, .stale)
                continue
            }
            let fence = AttemptFence(key: key, step: step, attempt: outcome.task.attempt, session: outcome.session)
            parts.router.submitOwn(
                LaneCommand(
                    key: key,
                    kind: .finish(
                        FinishCommand(
                            fence: fence, outcome: outcome.outcome, timing: AttemptTiming(worker: outcome.worker))),
                    acceptedAt: parts.clock.now, reply: .worker(outcome.sink, outcome.task)))
        }
    }
}
