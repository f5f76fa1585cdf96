import Engine
import Workflows

/// Whoever attends to runs that wait: sends signals, decides approvals, pauses and resumes, and asks why nothing goes on.
struct Attendant: Sendable {
    let world: World
    let ledger: Ledger
    let cluster: Cluster
    let number: Int

    func run() async {
        var count = 0
        while world.isRunning {
            await world.time.sleep(for: world.dice.milliseconds(150...700))
            guard let engine = cluster.anyNode()?.engine else { continue }
            count += 1
            // Once the faults have stopped, only what lets runs end.
            switch world.faults.isOn ? world.dice.below(10) : 0 {
            case 6: await signal(engine, "\(number)-\(count)")
            case 7: await pause(engine)
            case 8: await explain(engine)
            case 9: await list(engine)
            default: await attend(engine, "\(number)-\(count)")
            }
            await resume()
        }
    }

    /// Brings what some step waits for.
    private func attend(_ engine: Engine, _ id: String) async {
        let waits = ledger.waits.filter { wait in
            switch wait.request.kind {
            case .signal: wait.request.subject != LanguagePlans.silence
            case .approval: true
            case .time, .child, .outcome: false
            }
        }
        guard let (step, request) = world.dice.pick(waits) else { return }
        if request.kind == .signal { return await send(engine, to: step.run, request.subject, id) }
        let decision = ApprovalDecision(
            approver: ["ann", "bo", "cy"][world.dice.below(3)],
            verdict: world.dice.below(6) == 0 ? .reject : .approve)
        await ask("decide") { () throws(EngineError) in try await engine.decide(step, decision) }
    }

    /// A signal that comes unasked for.
    private func signal(_ engine: Engine, _ id: String) async {
        guard let key = world.dice.pick(ledger.runs(in: [.running, .paused, .queued])) else { return }
        await send(engine, to: key, LanguagePlans.signals[world.dice.below(2)], id)
    }

    private func send(_ engine: Engine, to key: RunKey, _ name: String, _ id: String) async {
        let signal = RunSignal(name: name, id: id, payload: Array(#"{"n":1}"#.utf8))
        // Sometimes twice: it is the same signal.
        for _ in 0..<(world.dice.below(5) == 0 ? 2 : 1) {
            let isDone = await ask("signal") { () throws(EngineError) in try await engine.signal(key, signal) }
            if isDone { ledger.signalled(key, id) }
        }
    }

    private func pause(_ engine: Engine) async {
        guard let key = world.dice.pick(ledger.runs(in: [.running])) else { return }
        await ask("pause") { () throws(EngineError) in try await engine.pause(key) }
        await world.time.sleep(for: world.dice.milliseconds(300...3000))
    }

    /// Nobody else will.
    private func resume() async {
        for key in ledger.runs(in: [.paused]) where !world.faults.isOn || world.dice.below(3) == 0 {
            guard let engine = cluster.anyNode()?.engine else { return }
            await ask("resume") { () throws(EngineError) in try await engine.resume(key) }
        }
    }

    private func explain(_ engine: Engine) async {
        guard let key = world.dice.pick(ledger.runs(in: [.running, .paused, .queued, .cancelling])) else { return }
        await ask("explain") { () throws(EngineError) in _ = try await engine.explain(key) }
    }

    private func list(_ engine: Engine) async {
        do {
            _ = try await engine.approvals(tenant: ledger.tenant, after: nil, limit: 5)
        } catch {
            // The database is away; whoever lists asks again.
            world.cover("approvals unavailable")
        }
    }

    /// Answers whether it was done. What the run may refuse, it may; everything else is a defect.
    @discardableResult
    private func ask(_ what: String, _ body: () async throws(EngineError) -> Void) async -> Bool {
        do throws(EngineError) {
            try await body()
            world.cover("\(what) done")
            return true
        } catch {
            world.cover("\(what) \(error.code.rawValue)")
            switch error.code {
            case .unavailable, .conflict, .runEnded: break
            default: world.violate(.servicesLive, "\(what): \(error)")
            }
            return false
        }
    }
}
