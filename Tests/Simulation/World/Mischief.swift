import Engine

/// Faults that come by themselves, some time or other, whatever is being done.
struct Mischief: Sendable {
    let world: World
    let ledger: Ledger
    let cluster: Cluster
    let workers: [SimulatedWorker]

    func run() async {
        while world.isRunning, world.faults.isOn {
            await world.time.sleep(for: world.dice.milliseconds(200...1200))
            strike()
        }
    }

    private func strike() {
        let dice = world.dice
        let node = dice.pick(cluster.running)
        let worker = workers[dice.below(workers.count)]
        switch dice.below(17) {
        case 16:
            if let node, strikes(.nodeStopped, "\(node)") { node.stop() }
        case 0, 1:
            if let node, strikes(.nodeCrashed, "\(node)") { node.crash() }
        case 2, 3:
            if let node, strikes(.nodeStalled, "\(node)") { node.stall(for: dice.milliseconds(300...7000)) }
        case 4, 5:
            if strikes(.workerDied, worker.name) { worker.die() }
        case 6, 7, 8:
            if strikes(.workerStalled, worker.name) { worker.stall(for: dice.milliseconds(500...9000)) }
        case 9:
            if strikes(.workerLeft, worker.name) { worker.leave() }
        case 10, 11:
            if let link = worker.link, strikes(.streamCut, link.name) { link.cut("by chance") }
        case 12, 13:
            guard let link = worker.link, strikes(.streamFull, link.name) else { return }
            link.setFull(true)
            world.time.schedule(after: dice.milliseconds(100...3000)) { link.setFull(false) }
        default:
            if strikes(.horizonHeld, "") {
                world.holdHorizon(at: ledger.lastTransaction + 1, for: dice.milliseconds(200...4000))
            }
        }
    }

    private func strikes(_ fault: Fault, _ what: String) -> Bool { world.strikes(fault, 1000, what) }
}
