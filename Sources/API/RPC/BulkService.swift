import Access
import Engine
import GRPC
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.BulkService`.
struct BulkService: Sendable {
    let bulk: BulkOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.BulkService.matchBulkJob, metrics) { request, caller in
            let order = try BulkJob.Order(request, by: caller.principal.subject)
            try bulk.permit(order.action, caller)
            return BeamlineV1.BulkMatch(try await bulk.match(order, caller))
        }
        router.serve(BeamlineV1.BulkService.createBulkJob, metrics) { request, caller in
            let order = try BulkJob.Order(request.order ?? .init(), by: caller.principal.subject)
            try bulk.permit(order.action, caller)
            var expected: Int?
            if case .expected(let number)? = request.confirmation {
                guard (0...Int32(BulkJob.mostRuns)).contains(number) else {
                    throw Problem(400, "invalid_argument", "expected must be from 0 to \(BulkJob.mostRuns).")
                }
                expected = Int(number)
            }
            return BeamlineV1.BulkJob(try await bulk.create(order, expected: expected, caller))
        }
        router.serve(BeamlineV1.BulkService.getBulkJob, metrics) { request, caller in
            BeamlineV1.BulkJob(try await bulk.job(try Self.id(request.id), caller))
        }
        router.serve(BeamlineV1.BulkService.cancelBulkJob, metrics) { request, caller in
            BeamlineV1.BulkJob(try await bulk.cancel(try Self.id(request.id), caller))
        }
        router.serve(BeamlineV1.BulkService.listBulkJobs, metrics) { request, caller in
            let size = try PageSize.checked(request.pageSize)
            let jobs = try await bulk.list(
                before: try Cursor.run(request.pageToken.isEmpty ? nil : request.pageToken)?.bytes, pageSize: size,
                caller)
            let next = jobs.count == size ? jobs.last.map { Cursor.text(RunID($0.id)) } : nil
            return BeamlineV1.ListBulkJobsResponse(
                jobs: jobs.map { BeamlineV1.BulkJob($0) }, nextPageToken: next ?? "")
        }
        router.serve(BeamlineV1.BulkService.listBulkRuns, metrics, listRuns)
    }

    private func listRuns(
        _ request: BeamlineV1.ListBulkRunsRequest, _ caller: Caller
    ) async throws -> BeamlineV1.ListBulkRunsResponse {
        var outcome: BulkJob.Outcome?
        if !request.outcome.isEmpty {
            outcome = BulkJob.Outcome.allCases.first { $0.text == request.outcome }
            guard outcome != nil else {
                let known = BulkJob.Outcome.allCases.map(\.text).joined(separator: ", ")
                throw Problem(400, "invalid_argument", "There is no outcome \"\(request.outcome)\"; known: \(known).")
            }
        }
        let size = try PageSize.checked(request.pageSize)
        let results = try await bulk.results(
            of: try Self.id(request.id), outcome: outcome,
            after: try Cursor.number(request.pageToken.isEmpty ? nil : request.pageToken) ?? 0, pageSize: size, caller)
        let next = results.count == size ? results.last.map { Cursor.text(number: $0.item.number) } : nil
        return BeamlineV1.ListBulkRunsResponse(
            runs: results.map { result in
                BeamlineV1.ListBulkRunsResponse.Item(
                    runID: result.item.run.description, outcome: result.outcome?.text ?? "pending",
                    detail: result.detail ?? "", newRunID: result.newRun?.description ?? "")
            }, nextPageToken: next ?? "")
    }

    private static func id(_ text: String) throws(Problem) -> RunID.Bytes {
        guard let id = RunID.Bytes(text) else {
            throw Problem(400, "invalid_job_id", "\"\(text)\" is no job's id; it has 26 characters.")
        }
        return id
    }
}

extension BulkJob.Order {
    /// - Throws: 400 `invalid_argument`.
    fileprivate init(_ order: BeamlineV1.BulkOrder, by subject: String) throws(Problem) {
        guard let action = BulkJob.Action(text: order.action) else {
            let known = BulkJob.Action.allCases.map(\.text).joined(separator: ", ")
            throw Problem(400, "invalid_argument", "action must be one of \(known).")
        }
        guard order.filter.contains(where: { $0 != " " }) else {
            throw Problem(
                400, "invalid_argument", "filter must not be empty; created:>2000-01-01 takes every run.")
        }
        guard (0...10_000).contains(order.rate), (0...1000).contains(order.maxReplays) else {
            throw Problem(400, "invalid_argument", "rate must be at most 10000, max_replays at most 1000.")
        }
        guard order.reason.utf8.count <= 1000, !order.reason.utf8.contains(0) else {
            throw Problem(400, "invalid_argument", "reason must have at most 1000 bytes.")
        }
        self.init(
            action: action, filter: order.filter, rate: order.rate == 0 ? nil : order.rate,
            mostReplays: order.maxReplays == 0 ? Engine.mostReplays : order.maxReplays,
            reason: order.reason.isEmpty ? nil : order.reason, by: subject)
    }
}

extension BeamlineV1.BulkMatch {
    init(_ match: BulkMatch) {
        self.init(
            matches: Int32(clamping: match.items.count), children: Int32(clamping: match.children),
            exhausted: Int32(clamping: match.exhausted), longestChain: match.longestChain,
            sample: match.items.prefix(10).map(\.run.description))
    }
}

extension BeamlineV1.BulkJob {
    init(_ job: BulkJob) {
        self.init(
            id: job.id.description,
            order: BeamlineV1.BulkOrder(
                action: job.order.action.text, filter: job.order.filter, rate: job.order.rate ?? 0,
                maxReplays: job.order.action == .redrive ? job.order.mostReplays : 0, reason: job.order.reason ?? ""),
            state: job.state.text, total: job.total, dealtWith: job.dealtWith, unchanged: job.unchanged,
            failed: job.failed, askedBy: job.order.by, createdUnixUs: job.createdAt.microseconds,
            endedUnixUs: job.endedAt?.microseconds ?? 0, cancelledBy: job.cancelledBy ?? "")
    }
}
