import Engine
import Workflows

/// The operator of the queues: pauses them, drains them, and changes their order and limits while everything runs.
struct QueueKeeper: Sendable {
    let world: World
    let ledger: Ledger
    let cluster: Cluster

    private static let names = ["bulk", "default"]

    func run() async {
        while world.isRunning {
            await world.time.sleep(for: world.dice.milliseconds(500...2500))
            let name = Self.names[world.dice.below(Self.names.count)]
            guard world.faults.isOn else {
                await open()
                continue
            }
            switch world.dice.below(6) {
            case 0: await hold(name, .paused(true), then: .paused(false))
            case 1: await hold(name, .draining(true), then: .draining(false))
            case 2: await create()
            default: await change(name, .settings(settings()))
            }
        }
    }

    private func settings() -> QueueSettings {
        let dice = world.dice
        let disciplines = QueueDiscipline.allCases
        return QueueSettings(
            order: QueueOrder(disciplines[dice.below(disciplines.count)], boost: .milliseconds(500)),
            weight: Int32(1 + dice.below(300)), isStrict: dice.below(3) == 0,
            concurrency: dice.below(3) == 0 ? Int32(2 + dice.below(3)) : nil)
    }

    private func hold(_ name: String, _ first: QueueChange, then second: QueueChange) async {
        await change(name, first)
        await world.time.sleep(for: world.dice.milliseconds(300...2500))
        await change(name, second)
    }

    /// What was left closed by an answer that got lost is opened.
    private func open() async {
        for name in Self.names {
            guard let queue = ledger.queue(name) else { continue }
            if queue.isPaused { await change(name, .paused(false)) }
            if queue.isDraining { await change(name, .draining(false)) }
        }
    }

    private func change(_ name: String, _ change: QueueChange) async {
        guard let engine = cluster.anyNode()?.engine else { return }
        do throws(EngineError) {
            switch try await engine.changeQueue(named: name, tenant: ledger.tenant, change) {
            case .written, .missing: break
            case .deleted, .exists, .versionMismatch, .notEmpty:
                world.violate(.servicesLive, "queue \(name): \(change)")
            }
        } catch {
            if error.code != .unavailable { world.violate(.servicesLive, "queue \(name): \(error)") }
        }
    }

    /// A queue that no workflow names comes and goes.
    private func create() async {
        guard let engine = cluster.anyNode()?.engine else { return }
        do throws(EngineError) {
            _ = try await engine.createQueue(named: "spare", settings: settings(), tenant: ledger.tenant)
            _ = try await engine.deleteQueue(named: "spare", tenant: ledger.tenant)
            world.cover("queue × delete")
        } catch {
            if error.code != .unavailable { world.violate(.servicesLive, "queue spare: \(error)") }
        }
    }
}
