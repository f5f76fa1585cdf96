import Access
import Engine
import Filters
import JSON
import Telemetry
import Workflows

/// What can be done to runs; REST and gRPC both speak through it.
struct RunOperations: Sendable {
    /// Most bytes of an input.
    static let inputLimit = 1 << 20
    /// Runs in one batch.
    static let batchLimit = 1_000

    private let engine: Engine
    private let reader: any RunReader
    private let outlines: FlowOutlines
    private let now: @Sendable () -> WallTime
    private static let idempotencyLifetime = Duration.seconds(86_400)

    init(parts: APIParts) {
        engine = parts.engine
        reader = parts.reader
        outlines = FlowOutlines(catalog: parts.catalog)
        now = parts.now
    }

    /// The command of a submission; the input is checked, but no tree of it is built.
    ///
    /// - Parameter version: the newest when `nil`.
    func command(
        _ caller: Caller, workflow: String, version: Int32?, input: [UInt8], idempotencyKey: String?,
        priority: Int32? = nil, deadline: Duration? = nil
    ) throws -> StartCommand {
        guard (1...200).contains(workflow.utf8.count) else {
            throw Problem(400, "invalid_body", "workflow must be a name of 1 to 200 bytes.")
        }
        try caller.authorize(.startRuns, .workflow(workflow))
        let input = input.isEmpty ? JSONText.emptyObject.bytes : input
        guard input.count <= Self.inputLimit else {
            throw Problem(413, "payload_too_large", "The input is larger than \(Self.inputLimit) bytes.")
        }
        do {
            _ = try JSONText(validating: input)
        } catch { throw Problem(400, "malformed_json", "The input is not acceptable JSON: \(error).") }
        guard input.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "{") else {
            throw Problem(422, "invalid_input", "The input must be a JSON object.")
        }
        let idempotency = try Self.idempotency(
            key: idempotencyKey, digest: Self.digest(workflow: workflow, version: version, input: input))
        return StartCommand(
            tenant: caller.tenant, workflow: workflow, version: version, input: input, idempotency: idempotency,
            traceparent: caller.trace.traceparent, priority: priority, deadline: deadline)
    }

    /// - Parameter digest: of what makes two submissions under the key the same.
    static func idempotency(
        key: String?, digest: @autoclosure () -> [UInt8]
    ) throws(Problem) -> IdempotencyRecord? {
        guard let key else { return nil }
        guard (1...200).contains(key.utf8.count), !key.utf8.contains(0) else {
            throw Problem(400, "invalid_idempotency_key", "The idempotency key must have 1 to 200 bytes.")
        }
        return IdempotencyRecord(key: key, digest: digest(), lifetime: idempotencyLifetime)
    }

    /// What makes two submissions under one key the same.
    private static func digest(workflow: String, version: Int32?, input: [UInt8]) -> [UInt8] {
        var body = Array(workflow.utf8)
        body.append(0)
        body.append(contentsOf: String(version ?? 0).utf8)
        body.append(0)
        body.append(contentsOf: input)
        return Digest(of: body).bytes
    }

    func start(_ command: StartCommand) async throws(EngineError) -> Started {
        try await engine.start(command)
    }

    func start(_ commands: [StartCommand]) async -> [Result<Started, EngineError>] {
        await engine.startBatch(commands)
    }

    /// A run on whose workflow the caller has the permission.
    func detail(_ run: RunID, _ caller: Caller, to action: Action) async throws -> RunDetail {
        let detail = try await detail(run, tenant: caller.tenant)
        try caller.authorize(action, .workflow(detail.summary.workflow))
        return detail
    }

    private func detail(_ run: RunID, tenant: TenantID) async throws -> RunDetail {
        guard let detail = try await reader.run(RunKey(tenant: tenant, run: run)) else {
            throw Problem(404, "run_not_found", "There is no run \(run).")
        }
        return detail
    }

    /// A run that was just started, without asking the database again where its commit has said enough: what is durable
    /// must not look failed because a read failed.
    func summary(of started: Started, tenant: TenantID) async throws -> RunSummary {
        if let state = started.state, !state.isEnded {
            return RunSummary(
                key: RunKey(tenant: tenant, run: started.run), workflow: started.workflow, version: started.version,
                state: state, createdAt: started.run.timestamp, endedAt: nil, failure: nil)
        }
        return try await detail(started.run, tenant: tenant).summary
    }

    func view(_ run: RunID, _ caller: Caller, to action: Action = .readRuns) async throws -> RunView {
        let detail = try await detail(run, caller, to: action)
        return RunView(detail, outline: try await outlines.outline(detail.flow))
    }

    /// A page, newest first, and where the next begins.
    ///
    /// - Parameter filter: in the filter language.
    /// - Throws: a 400 with every problem of the filter.
    func list(
        states: [RunLifecycle], workflow: String?, filter: String?, before: RunID?, pageSize: Int, tenant: TenantID
    ) async throws -> RunPage {
        var predicates: [FilterPredicate] = []
        if let filter {
            do {
                predicates = try Filter(parsing: filter, keys: RunQuery.filterKeys).predicates(now: now().microseconds)
            } catch { throw Problem(error, in: filter) }
        }
        return try await reader.page(
            RunQuery(states: states, workflow: workflow, before: before, limit: pageSize), passing: predicates,
            tenant: tenant)
    }

    /// Cancels; a run that has ended already stays as it is.
    func cancel(_ run: RunID, reason: String, _ caller: Caller) async throws {
        try await permit(run, caller, to: .cancelRuns)
        do {
            try await engine.cancel(RunKey(tenant: caller.tenant, run: run), reason: reason)
        } catch  where error.code == .runEnded {}
    }

    /// Whether the caller may do this to the run. Only a grant on a workflow asks which one it is.
    func permit(_ run: RunID, _ caller: Caller, to action: Action) async throws {
        if !caller.mayEverywhere(action) { _ = try await detail(run, caller, to: action) }
    }

    /// Sends a signal; one whose id the run knows already changes nothing.
    func signal(_ run: RunID, _ signal: RunSignal, _ caller: Caller) async throws {
        try await permit(run, caller, to: .startRuns)
        try await engine.signal(RunKey(tenant: caller.tenant, run: run), signal)
    }

    func pause(_ run: RunID, _ caller: Caller) async throws {
        try await permit(run, caller, to: .cancelRuns)
        try await engine.pause(RunKey(tenant: caller.tenant, run: run))
    }

    func resume(_ run: RunID, _ caller: Caller) async throws {
        try await permit(run, caller, to: .cancelRuns)
        try await engine.resume(RunKey(tenant: caller.tenant, run: run))
    }

    /// Why a run does not go on; empty when it has ended.
    func explain(_ run: RunID, _ caller: Caller) async throws -> [Explanation] {
        try await permit(run, caller, to: .readRuns)
        do {
            return try await engine.explain(RunKey(tenant: caller.tenant, run: run))
        } catch  where error.code == .runEnded {
            return []
        }
    }

    /// A page of the attempts' output after a position, and whether there is more now.
    func logs(
        _ run: RunID, step: String?, attempt: Int32?, after: LogPosition?, pageSize: Int, _ caller: Caller
    ) async throws -> (lines: [(line: LogLine, step: String)], more: Bool) {
        let detail = try await detail(run, caller, to: .readLogs)
        let outline = try await outlines.outline(detail.flow)
        var index: Int32?
        if let step {
            index = outline.index(of: step)
            guard index != nil else { throw Problem(404, "step_not_found", "Run \(run) has no step \"\(step)\".") }
        }
        let found = try await reader.logs(
            LogQuery(
                key: RunKey(tenant: caller.tenant, run: run), step: index, attempt: attempt, after: after,
                limit: pageSize + 1))
        return (found.prefix(pageSize).map { ($0, outline.id($0.step)) }, found.count > pageSize)
    }

    /// The run as soon as it has ended, or as it is after the time.
    func ended(_ run: RunID, tenant: TenantID, within limit: Duration) async throws -> RunDetail {
        let subscription = engine.events.subscribe(tenant: tenant, run: run)
        defer { subscription.close() }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while true {
                    if try await detail(run, tenant: tenant).summary.state.isEnded { return true }
                    guard try await subscription.next() != nil else { return false }
                }
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return false
            }
            _ = try await group.next()
            group.cancelAll()
            subscription.close()
            return try await detail(run, tenant: tenant)
        }
    }

    /// The changes of a run.
    func subscribe(_ run: RunID, tenant: TenantID) -> EventSubscription {
        engine.events.subscribe(tenant: tenant, run: run)
    }

    /// Calls `body` with the run as it is, then after each of the subscription's changes, until it has ended.
    ///
    /// - Returns: false when the subscription was closed before.
    func watch(
        _ run: RunID, _ caller: Caller, _ subscription: EventSubscription, _ body: (RunView) async throws -> Void
    ) async throws -> Bool {
        var sent: (revision: Int64, tokens: Int)?
        while true {
            let view = try await view(run, caller)
            let state = (
                view.detail.revision,
                view.detail.tokens.reduce(0) { $0 &+ Int($1.state.rawValue) << 8 &+ Int($1.attempt) }
            )
            if sent.map({ $0 != state }) ?? true { try await body(view) }
            sent = state
            if view.detail.summary.state.isEnded { return true }
            guard try await subscription.next() != nil else { return false }
        }
    }
}
