import Telemetry
import Workflows

extension Engine {
    /// Connects a worker: its session is opened (or taken over), and what it holds is settled with what is leased to it
    /// (engine rule 21). Assignments may reach the sink before this returns.
    public func connect(_ hello: WorkerHello, sink: any TaskSink) async throws(EngineError) -> WorkerSession {
        guard !hello.taskTypes.isEmpty, hello.pools.contains(where: { $0.slots > 0 }) else {
            throw EngineError(.workerRefused, "worker \"\(hello.worker)\" offers no task type or no slot")
        }
        do {
            return try await open(hello, sink: sink)
        } catch {
            if let quota = error.quota {
                parts.metrics.quotaRefusals[Int(quota.rawValue) - 1].add()
            } else {
                parts.storeFailed(error, in: "connect")
            }
            throw .unavailable(error)
        }
    }

    private func open(_ hello: WorkerHello, sink: any TaskSink) async throws(StoreError) -> WorkerSession {
        // An earlier stream of the same session gets nothing more.
        _ = parts.dispatcher.withState { $0.disconnect(hello.session) != nil }
        let (held, names, unknown) = try await resolve(hello)
        var routes: [RouteID: String] = [:]
        for type in hello.taskTypes {
            for pool in hello.pools {
                routes[try await parts.plans.route(taskType: type, pool: pool.name)] = pool.name
            }
        }
        let record = SessionRecord(
            id: hello.session, tenant: hello.tenant, worker: hello.worker, node: parts.node,
            lease: parts.configuration.lease, capabilities: hello.capabilities,
            routes: Array(routes.keys))
        let settlement = try await parts.store.openSession(record, held: held)
        parts.storeAnswered()

        let startedAt = parts.storeClock.now
        let kept = settlement.kept.map { lease in
            HeldTask(
                lease: lease, pool: routes[lease.bucket.route] ?? "", name: names[lease.held],
                progress: .started(startedAt))
        }
        let registration = parts.dispatcher.withState { [parts] in
            $0.connect(
                record, routes: routes, pools: hello.pools, kept: kept, sink: sink, now: parts.clock.now)
        }
        for task in unknown + settlement.unknown.compactMap({ names[$0] }) {
            sink.cancel(task, reason: "the attempt is not leased to this session")
        }
        parts.dispatcher.wake(settlement.returned)
        try await parts.dispatcher.scan()
        return WorkerSession(
            hello: hello, registration: registration, parts: parts, late: lateOutcomes, sink: sink)
    }

    /// The worker's names as keys of the store. Attempts of runs or steps that do not exist are unknown.
    private func resolve(
        _ hello: WorkerHello
    ) async throws(StoreError) -> (held: [HeldAttempt], names: [HeldAttempt: TaskName], unknown: [TaskName]) {
        guard !hello.held.isEmpty else { return ([], [:], []) }
        let keys = Set(hello.held.map { RunKey(tenant: hello.tenant, run: $0.run) })
        let entries = try await parts.directory.find(keys).entries
        var names: [HeldAttempt: TaskName] = [:]
        var unknown: [TaskName] = []
        for task in hello.held {
            let key = RunKey(tenant: hello.tenant, run: task.run)
            if let step = entries[key]?.flow.index(of: task.step) {
                names[HeldAttempt(key: key, step: step, attempt: task.attempt)] = task
            } else {
                unknown.append(task)
            }
        }
        return (Array(names.keys), names, unknown)
    }
}
