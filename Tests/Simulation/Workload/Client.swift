import Engine
import Workflows

/// Wants one run, asks until it is answered, and may cancel it.
struct Client: Sendable {
    let world: World
    let ledger: Ledger
    let cluster: Cluster
    let request: Workload.Request
    /// Requests that go with it in one call.
    var companions: [Workload.Request] = []

    func run() async {
        await world.time.sleep(until: request.at)
        let answers = await startAll()
        for (request, key) in answers {
            if case .idempotencyKey = request.name, request.isTwin { await conflict(request) }
            guard let after = request.cancelAfter else { continue }
            await world.time.sleep(for: after)
            if request.cancelsByInbox { await post(key) } else { await cancel(key) }
        }
    }

    private func command(_ request: Workload.Request) -> StartCommand {
        switch request.name {
        case .idempotencyKey(let key):
            StartCommand(
                tenant: ledger.tenant, workflow: request.workflow, input: request.input,
                idempotency: IdempotencyRecord(key: key, digest: request.input, lifetime: .seconds(86_400)))
        case .run(let run):
            StartCommand(tenant: ledger.tenant, workflow: request.workflow, input: request.input, run: run)
        }
    }

    /// Every request is answered when this returns.
    private func startAll() async -> [(Workload.Request, RunKey)] {
        var missing = [request] + companions
        var answered: [(Workload.Request, RunKey)] = []
        while !missing.isEmpty, world.isRunning {
            guard let node = cluster.anyNode(), let engine = node.engine else {
                await pause()
                continue
            }
            let results: [Result<Started, EngineError>]
            if missing.count == 1 {
                do throws(EngineError) {
                    results = [.success(try await engine.start(command(missing[0])))]
                } catch {
                    results = [.failure(error)]
                }
            } else {
                results = await engine.startBatch(missing.map(command))
            }
            await node.recovers()
            guard node.isAlive, !world.strikes(.clientAnswerLost, 20, "start") else {
                await pause()
                continue
            }
            var left: [Workload.Request] = []
            for (request, result) in zip(missing, results) {
                switch result {
                case .success(let started):
                    world.trace.note("\(node) run \(request.number) is \(started.run.shortText)")
                    ledger.acknowledge("run \(request.number)", started)
                    answered.append((request, RunKey(tenant: ledger.tenant, run: started.run)))
                case .failure(let error):
                    switch error.code {
                    case .concurrencyLimit, .throttled:
                        ledger.refuse("run \(request.number)", error.code)
                        continue
                    case .queueDraining: world.cover("start refused: queue_draining")
                    case .unavailable: break
                    default: world.violate(.servicesLive, "run \(request.number): \(error)")
                    }
                    left.append(request)
                }
            }
            missing = left
            if !missing.isEmpty { await pause() }
        }
        return answered
    }

    /// The same key with another body is refused, whatever happens; where there is room to tell.
    private func conflict(_ request: Workload.Request) async {
        guard !request.mayBeRefused else { return }
        var other = request
        other.input = Array(#"{"n":99}"#.utf8)
        while world.isRunning {
            guard let node = cluster.anyNode(), let engine = node.engine else {
                await pause()
                continue
            }
            do throws(EngineError) {
                let started = try await engine.start(command(other))
                return world.violate(.acknowledgedRunKept, "run \(request.number): another body is \(started.run)")
            } catch {
                if error.code == .idempotencyKeyReused { return world.cover("key × other body") }
                if node.isAlive, error.code != .unavailable, error.code != .queueDraining {
                    return world.violate(.servicesLive, "run \(request.number): another body is refused as \(error)")
                }
            }
            await pause()
        }
    }

    private func cancel(_ key: RunKey) async {
        while world.isRunning {
            guard let node = cluster.anyNode(), let engine = node.engine else {
                await pause()
                continue
            }
            var failure: EngineError?
            do throws(EngineError) {
                try await engine.cancel(key, reason: "no longer wanted", force: request.isForced)
            } catch {
                failure = error
            }
            guard node.isAlive else {
                await pause()
                continue
            }
            world.trace.note("\(node) cancel \(key.run.shortText): \(failure?.code.rawValue ?? "done")")
            switch failure?.code {
            case nil: return ledger.cancelled(key, isDone: true)
            case .runEnded?: return ledger.cancelled(key, isDone: false)
            case .unavailable?: await pause()
            default: return world.violate(.servicesLive, "cancel of \(key.run): \(String(describing: failure))")
            }
        }
    }

    /// The cancel is a durable message, which any node applies.
    private func post(_ key: RunKey) async {
        let id = InboxID(key: key, id: RunID.Bytes(high: world.dice.next(), low: world.dice.next()))
        while world.isRunning {
            if let node = cluster.anyNode(), let store = node.store {
                do {
                    try await store.postInbox([InboxMessage(id: id, command: .cancel(reason: "by message"))])
                    return world.trace.note("message to \(key.run.shortText)")
                } catch {
                    // Asked again below: the same message twice is one.
                }
            }
            await pause()
        }
    }

    private func pause() async { await world.time.sleep(for: world.dice.milliseconds(50...600)) }
}
