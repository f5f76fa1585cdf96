import Access
import Engine
import Filters
import JSON
import Telemetry
import Workflows

/// What can be done about failed steps and runs.
struct FailureOperations: Sendable {
    private let engine: Engine
    private let reader: any DeadLetterReader
    private let runs: RunOperations
    private let now: @Sendable () -> WallTime

    init(parts: APIParts) {
        engine = parts.engine
        reader = parts.deadLetters
        runs = RunOperations(parts: parts)
        now = parts.now
    }

    /// - Parameter filter: in the filter language, over `DeadLetter.filterKeys`.
    func list(
        filter: String?, before: DeadLetterPosition?, pageSize: Int, tenant: TenantID
    ) async throws -> DeadLetterPage {
        var predicates: [FilterPredicate] = []
        if let filter {
            do {
                predicates = try Filter(parsing: filter, keys: DeadLetter.filterKeys)
                    .predicates(now: now().microseconds)
            } catch { throw Problem(error, in: filter) }
        }
        return try await reader.deadLetters(passing: predicates, before: before, limit: pageSize, tenant: tenant)
    }

    /// A letter on whose workflow the caller has the permission, and the attempts of its step.
    func letter(
        _ id: DeadLetterID, _ caller: Caller, to action: Action
    ) async throws -> (letter: DeadLetter, attempts: [TransitionRow]) {
        guard let found = try await reader.deadLetter(id, tenant: caller.tenant) else {
            throw Problem(404, "dead_letter_not_found", "There is no dead letter \(id).")
        }
        try caller.authorize(action, .workflow(found.letter.workflow))
        return found
    }

    /// Reopens the letter's run.
    ///
    /// - Parameter input: JSON text in place of the step's input.
    func redrive(_ id: DeadLetterID, input: [UInt8]?, _ caller: Caller) async throws -> RunSummary {
        let letter = try await letter(id, caller, to: .startRuns).letter
        try await engine.redrive(
            letter.row.key, generation: letter.row.generation, inputs: input.map { [letter.row.name: $0] } ?? [:],
            by: caller.principal.subject)
        return try await runs.detail(letter.row.key.run, caller, to: .startRuns).summary
    }

    /// Repeats a run; the answer is the new one.
    func rerun(
        _ run: RunID, scope: RerunCommand.Scope, input: [UInt8]?, idempotencyKey: String?, digest: [UInt8],
        _ caller: Caller
    ) async throws -> (summary: RunSummary, created: Bool) {
        try await runs.permit(run, caller, to: .startRuns)
        let started = try await engine.rerun(
            RerunCommand(
                key: RunKey(tenant: caller.tenant, run: run), scope: scope, input: input,
                idempotency: try RunOperations.idempotency(key: idempotencyKey, digest: digest),
                traceparent: caller.trace.traceparent))
        return (try await runs.summary(of: started, tenant: caller.tenant), started.created)
    }
}
