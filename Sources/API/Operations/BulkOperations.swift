import Access
import Engine
import Filters
import Telemetry
import Workflows

/// What can be done to many runs at once.
struct BulkOperations: Sendable {
    private let reader: any RunReader
    private let letters: any DeadLetterReader
    private let jobs: any BulkStore
    private let raise: @Sendable () -> Void
    private let now: @Sendable () -> WallTime
    private let random: @Sendable () -> RunID.Bytes

    init(parts: APIParts) {
        reader = parts.reader
        letters = parts.deadLetters
        jobs = parts.jobs
        raise = parts.jobCreated
        now = parts.now
        random = { RunID.Bytes(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)) }
    }

    /// Whether the caller, who may cancel every run of the tenant, may do this to them.
    func permit(_ action: BulkJob.Action, _ caller: Caller) throws(Denial) {
        switch action {
        case .cancel, .pause, .resume: break
        case .rerun, .rerunFailed, .redrive: try caller.authorize(.startRuns, .tenant)
        }
    }

    /// The runs that the job would be done to now.
    func match(_ order: BulkJob.Order, _ caller: Caller) async throws -> BulkMatch {
        let keys = order.action == .redrive ? DeadLetter.filterKeys : RunQuery.filterKeys
        let predicates: [FilterPredicate]
        do {
            predicates = try Filter(parsing: order.filter, keys: keys).predicates(now: now().microseconds)
        } catch { throw Problem(error, in: order.filter) }
        let match = try await BulkMatch(
            order, filter: predicates, runs: reader, letters: letters, tenant: caller.tenant)
        guard !match.isCut else {
            throw Problem(
                422, "too_many_runs",
                "The filter matches more than \(BulkJob.mostRuns) runs; narrow it (since:, until:) and do them in parts."
            )
        }
        return match
    }

    /// Fixes the matches, and begins.
    ///
    /// - Parameter expected: how many the caller has seen; a different number is a conflict.
    func create(_ order: BulkJob.Order, expected: Int?, _ caller: Caller) async throws -> BulkJob {
        let match = try await match(order, caller)
        if let expected, expected != match.items.count {
            throw Problem(
                409, "matches_changed",
                "The filter matches \(match.items.count) runs now, not \(expected); look again, then confirm.")
        }
        let time = Timestamp(microseconds: now().microseconds)
        let job = try await jobs.createJob(
            BulkJob(
                id: RunID(at: time, random: random()).bytes, tenant: caller.tenant, order: order,
                total: Int32(match.items.count), createdAt: time), items: match.items)
        raise()
        return job
    }

    func job(_ id: RunID.Bytes, _ caller: Caller) async throws -> BulkJob {
        guard let job = try await jobs.job(id, tenant: caller.tenant) else { throw Self.unknown(id) }
        return job
    }

    func list(before: RunID.Bytes?, pageSize: Int, _ caller: Caller) async throws -> [BulkJob] {
        try await jobs.jobs(before: before, limit: pageSize, tenant: caller.tenant)
    }

    func results(
        of id: RunID.Bytes, outcome: BulkJob.Outcome?, after number: Int32, pageSize: Int, _ caller: Caller
    ) async throws -> [BulkResult] {
        _ = try await job(id, caller)
        return try await jobs.results(
            of: id, outcome: outcome, after: number, limit: pageSize, tenant: caller.tenant)
    }

    func cancel(_ id: RunID.Bytes, _ caller: Caller) async throws -> BulkJob {
        try permit(try await job(id, caller).order.action, caller)
        guard let job = try await jobs.cancelJob(id, tenant: caller.tenant, by: caller.principal.subject) else {
            throw Self.unknown(id)
        }
        return job
    }

    private static func unknown(_ id: RunID.Bytes) -> Problem {
        Problem(404, "job_not_found", "There is no job \(id).")
    }
}
