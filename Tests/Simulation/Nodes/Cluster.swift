import Engine
import Synchronization

/// The nodes, and what they tell each other.
final class Cluster: Sendable {
    let world: World
    private let members = Mutex<[SimulatedNode]>([])

    init(world: World) { self.world = world }

    func add(_ node: SimulatedNode) { members.withLock { $0.append(node) } }

    var nodes: [SimulatedNode] { members.withLock { $0 } }

    /// The lives that take commands now.
    var running: [NodeLife] { nodes.compactMap { $0.life?.engine == nil ? nil : $0.life } }

    /// Somebody to talk to, as a load balancer finds them.
    func anyNode() -> NodeLife? { world.dice.pick(running) }

    /// After a commit: the others are woken, soon, late or never.
    func announce(from number: Int) {
        for life in running where life.number != number {
            if world.strikes(.wakeLost, 15, "to \(life)") { continue }
            let isLate = world.strikes(.wakeLate, 15, "to \(life)")
            world.time.schedule(after: world.dice.milliseconds(isLate ? 500...3000 : 0...5)) {
                if self.world.settings.losesWakes { return }
                life.engine?.wakeEventTail()
            }
        }
    }
}
