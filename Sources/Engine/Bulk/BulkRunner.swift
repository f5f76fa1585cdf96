import Supervision
import Workflows

/// Works through jobs over many runs: a duty of every node, of which one at a time has a job.
///
/// A node that dies leaves some runs dealt with and not written down. They are dealt with again, which changes nothing:
/// ended runs stay ended, a rerun has an idempotency key, and a redrive names the generation.
public final class BulkRunner: Sendable {
    private let engine: Engine
    private let jobs: any BulkStore
    private let wake = Signal()

    /// Runs in one turn.
    static let batch = 100
    private static let lease = Duration.seconds(30)

    public init(engine: Engine, jobs: any BulkStore) {
        self.engine = engine
        self.jobs = jobs
    }

    /// What runs, to be supervised.
    public var service: EngineService {
        let duty = Duty(
            name: "bulk jobs", parts: engine.parts, interval: .seconds(5), wake: wake
        ) { () async throws(StoreError) in try await self.runOnce() }
        return EngineService(name: "bulk jobs") { try await duty.run() }
    }

    /// There may be a job.
    public func raise() { wake.raise() }

    /// Deals with some runs of a job that is due; answers how long to wait for the next.
    func runOnce() async throws(StoreError) -> Duration? {
        let node = engine.node
        guard let claim = try await jobs.claimJob(node: node, lease: Self.lease, limit: Self.batch) else { return nil }
        guard !claim.items.isEmpty else { return nil }
        let (results, stop) = await results(of: claim)
        if let stop, results.isEmpty { throw stop }
        var pause = claim.job.order.rate.map { Duration.seconds(Double(results.count) / Double($0)) } ?? .zero
        if let stop { pause = max(pause, stop.retryAfter) }
        _ = try await jobs.recordResults(results, of: claim, node: node, pause: pause)
        return pause
    }

    /// What became of the runs up to the first that must wait, and why that one must. Those behind it are dealt with again.
    private func results(of claim: BulkClaim) async -> (known: [BulkResult], stop: StoreError?) {
        let engine = engine
        let job = claim.job
        let outcomes = await withTaskGroup(of: (Int32, Result<BulkResult, StoreError>).self) { group in
            for item in claim.items {
                group.addTask {
                    do throws(StoreError) {
                        return (item.number, .success(try await engine.perform(job, on: item)))
                    } catch {
                        return (item.number, .failure(error))
                    }
                }
            }
            var outcomes: [Int32: Result<BulkResult, StoreError>] = [:]
            for await (number, outcome) in group { outcomes[number] = outcome }
            return outcomes
        }
        var known: [BulkResult] = []
        for item in claim.items {
            switch outcomes[item.number] {
            case .success(let result)?: known.append(result)
            case .failure(let stop)?: return (known, stop)
            case nil: preconditionFailure("run \(item.number) of a claim was not dealt with")
            }
        }
        return (known, nil)
    }
}

extension Engine {
    /// - Throws: when it is to be tried again later.
    fileprivate func perform(_ job: BulkJob, on item: BulkItem) async throws(StoreError) -> BulkResult {
        var result = BulkResult(item: item, outcome: .done)
        do throws(EngineError) {
            result.newRun = try await perform(job, on: RunKey(tenant: job.tenant, run: item.run), item)
        } catch {
            result.detail = error.message
            switch error.code {
            // Reruns and redrives wait for their tenant's quota.
            case .unavailable, .overloaded, .throttled, .quotaExceeded:
                throw .unavailable(retryAfter: error.retryAfter ?? .seconds(1), detail: error.message)
            case .runEnded, .conflict, .runNotFound: result.outcome = .unchanged
            default: result.outcome = .failed
            }
        }
        return result
    }

    /// Answers the run that it has started, if any.
    private func perform(_ job: BulkJob, on key: RunKey, _ item: BulkItem) async throws(EngineError) -> RunID? {
        switch job.order.action {
        case .cancel:
            // A second cancel would cut its clean-up short.
            guard try await committed(key).lifecycle != .cancelling else {
                throw EngineError(.conflict, "the run is being cancelled already")
            }
            try await cancel(key, reason: job.order.reason ?? "cancelled by \(job.order.by)")
        case .pause: try await pause(key)
        case .resume: try await resume(key)
        case .rerun, .rerunFailed:
            let record = IdempotencyRecord(
                key: "bulk/\(job.id)/\(item.number)", digest: Array("\(item.run)".utf8), lifetime: .seconds(7 * 86_400))
            let scope: RerunCommand.Scope = job.order.action == .rerun ? .whole : .failed
            return try await rerun(RerunCommand(key: key, scope: scope, idempotency: record)).run
        case .redrive:
            try await redrive(
                key, generation: item.generation, mostReplays: job.order.mostReplays, by: job.order.by)
        }
        return nil
    }
}
