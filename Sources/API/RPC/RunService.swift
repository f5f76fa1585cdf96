import Access
import Engine
import GRPC
import JSON
import Protobuf
import Synchronization
import Telemetry
import Workflows

/// `beamline.v1.RunService`.
struct RunService: Sendable {
    let runs: RunOperations
    let metrics: MetricsRegistry
    let streams: OpenStreams

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.RunService.startRun, metrics) { request, caller in
            let started = try await runs.start(try command(request, caller))
            return BeamlineV1.StartRunResponse(runID: started.run.description, created: started.created)
        }
        router.serve(BeamlineV1.RunService.startRuns, metrics, startRuns)
        router.serve(BeamlineV1.RunService.getRun, metrics) { request, caller in
            BeamlineV1.Run(try await runs.view(try Self.run(request.runID), caller))
        }
        router.serve(BeamlineV1.RunService.listRuns, metrics, listRuns)
        router.serve(BeamlineV1.RunService.cancelRun, metrics) { request, caller in
            let run = try Self.run(request.runID)
            guard request.reason.utf8.count <= 1000 else {
                throw Problem(400, "invalid_argument", "reason must have at most 1000 bytes.")
            }
            let reason = request.reason.isEmpty ? "cancelled by \(caller.principal.subject)" : request.reason
            try await runs.cancel(run, reason: reason, caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .cancelRuns))
        }
        router.serve(BeamlineV1.RunService.pauseRun, metrics) { request, caller in
            let run = try Self.run(request.runID)
            try await runs.pause(run, caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .cancelRuns))
        }
        router.serve(BeamlineV1.RunService.resumeRun, metrics) { request, caller in
            let run = try Self.run(request.runID)
            try await runs.resume(run, caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .cancelRuns))
        }
        router.serve(BeamlineV1.RunService.signalRun, metrics) { request, caller in
            let run = try Self.run(request.runID)
            let signal = try RunSignal(
                name: request.name, key: request.idempotencyKey.isEmpty ? Self.freshKey() : request.idempotencyKey,
                payload: request.payload)
            try await runs.signal(run, signal, caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .startRuns))
        }
        router.serve(BeamlineV1.RunService.explainRun, metrics) { request, caller in
            let waits = try await runs.explain(try Self.run(request.runID), caller)
            return BeamlineV1.ExplainRunResponse(waits: waits.map { BeamlineV1.ExplainRunResponse.Wait($0) })
        }
        router.serverStreaming(BeamlineV1.RunService.watchRun) { request, responses, context in
            do {
                try await watch(try Self.run(request.runID), context.identity) { view in
                    try await responses.write(BeamlineV1.Run(view))
                }
            } catch { throw Problem(error)?.grpcStatus ?? error }
        }
    }

    private func watch(
        _ run: RunID, _ caller: Caller, _ body: (RunView) async throws -> Void
    ) async throws {
        let subscription = runs.subscribe(run, tenant: caller.tenant)
        let reason = Mutex<StreamEnding>(.draining)
        let id = streams.insert(caller.identity) { ending in
            reason.withLock { $0 = ending }
            subscription.close()
        }
        defer {
            streams.remove(id)
            subscription.close()
        }
        guard try await !runs.watch(run, caller, subscription, body) else { return }
        switch reason.withLock({ $0 }) {
        case .draining: throw Problem(503, "draining", "The server stops; watch again.")
        case .access: throw Problem.accessEnded
        }
    }

    private func command(_ request: BeamlineV1.StartRunRequest, _ caller: Caller) throws -> StartCommand {
        guard request.version >= 0 else { throw Problem(400, "invalid_argument", "version must not be negative.") }
        return try runs.command(
            caller, workflow: request.workflow, version: request.version == 0 ? nil : request.version,
            input: request.input, idempotencyKey: request.idempotencyKey.isEmpty ? nil : request.idempotencyKey)
    }

    /// Items that cannot even become a command have their error at their place; the rest is started together.
    private func startRuns(
        _ request: BeamlineV1.StartRunsRequest, _ caller: Caller
    ) async throws -> BeamlineV1.StartRunsResponse {
        guard request.runs.count <= RunOperations.batchLimit else {
            throw Problem(413, "batch_too_large", "A batch has at most \(RunOperations.batchLimit) runs.")
        }
        var items = [BeamlineV1.StartRunsResponse.Item](
            repeating: .init(outcome: nil), count: request.runs.count)
        var commands: [StartCommand] = []
        var places: [Int] = []
        for (index, run) in request.runs.enumerated() {
            do {
                commands.append(try command(run, caller))
                places.append(index)
            } catch {
                items[index].outcome = .error(BeamlineV1.Error(Problem(error) ?? .internalError))
            }
        }
        for (place, result) in zip(places, await runs.start(commands)) {
            switch result {
            case .success(let started):
                items[place].outcome = .started(
                    BeamlineV1.StartRunResponse(runID: started.run.description, created: started.created))
            case .failure(let error): items[place].outcome = .error(BeamlineV1.Error(Problem(error)))
            }
        }
        return BeamlineV1.StartRunsResponse(items: items)
    }

    private func listRuns(
        _ request: BeamlineV1.ListRunsRequest, _ caller: Caller
    ) async throws -> BeamlineV1.ListRunsResponse {
        let workflow = request.workflow.isEmpty ? nil : request.workflow
        try caller.authorize(.readRuns, workflow.map { .workflow($0) } ?? .tenant)
        let page = try await runs.list(
            states: try RunLifecycle.list(request.states), workflow: workflow, filter: nil,
            before: try Cursor.run(request.pageToken.isEmpty ? nil : request.pageToken),
            pageSize: try PageSize.checked(request.pageSize), tenant: caller.tenant)
        return BeamlineV1.ListRunsResponse(
            runs: page.runs.map { BeamlineV1.Run($0) }, nextPageToken: page.next.map { Cursor.text($0) } ?? "")
    }

    /// Of a signal that its sender does not send twice.
    private static func freshKey() -> String { String(UInt128.random(in: 0 ... .max), radix: 36) }

    static func run(_ text: String) throws(Problem) -> RunID {
        guard let run = RunID(text) else {
            throw Problem(400, "invalid_run_id", "\"\(text)\" is no run id; it has 26 characters.")
        }
        return run
    }
}

/// Page sizes as gRPC gives them: 0 for the default.
enum PageSize {
    static func checked(_ size: Int32) throws(Problem) -> Int {
        guard (0...500).contains(size) else {
            throw Problem(400, "invalid_argument", "page_size must be at most 500.")
        }
        return size == 0 ? 50 : Int(size)
    }
}

extension BeamlineV1.Error {
    init(_ problem: Problem) { self.init(code: problem.code, message: problem.detail) }

    init(_ failure: StepFailure) {
        self.init(code: failure.code.isEmpty ? failure.kind.text : failure.code, message: failure.message)
    }
}

extension BeamlineV1.Run {
    /// Without input, output and steps, as lists have it.
    init(_ summary: RunSummary) {
        self.init(
            id: summary.key.run.description, workflow: summary.workflow, version: summary.version,
            state: summary.state.text, createdUnixUs: summary.createdAt.microseconds,
            endedUnixUs: summary.endedAt?.microseconds ?? 0, error: summary.failure.map { BeamlineV1.Error($0) })
    }

    init(_ view: RunView) {
        self.init(view.detail.summary)
        revision = view.detail.revision
        input = view.detail.input
        output = view.detail.output ?? []
        traceparent = view.detail.traceparent ?? ""
        steps = view.steps.map { step in
            BeamlineV1.Step(
                id: step.id, state: step.state.text, attempt: step.attempt, output: step.output ?? [],
                error: step.failure.map { BeamlineV1.Error($0) })
        }
    }
}

extension BeamlineV1.ExplainRunResponse.Wait {
    init(_ wait: Explanation) {
        var writer = JSONWriter(largeIntegers: .string)
        writer.object { $0.evidence(of: wait.reason) }
        self.init(
            stepID: wait.step ?? "", reason: wait.reason.code, message: wait.reason.message, evidence: writer.bytes)
    }
}
