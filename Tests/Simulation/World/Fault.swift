import Synchronization

/// What goes wrong.
enum Fault: String, Sendable, CaseIterable {
    /// A store call has no effect, and says so.
    case callRefused
    /// A store call has its effect, and its answer is lost.
    case answerLost
    /// The connection died after a commit was sent: the outcome was asked for by the batch's id.
    case outcomeAsked
    /// A store call waits long before its effect, or its answer long after it.
    case callStalled
    case nodeCrashed
    /// A node is stopped in good order.
    case nodeStopped
    /// The catalog does not answer.
    case catalogRefused
    /// Neither the store nor a worker hears of a node for a while, nor it of them.
    case nodeStalled
    case workerDied
    case workerStalled
    /// A worker starts a task and loses it.
    case workerForgot
    /// A worker leaves in good order.
    case workerLeft
    case outcomeRepeated
    /// An outcome is sent after the lease is over.
    case outcomeLate
    /// A task runs on beyond its time limit.
    case limitIgnored
    /// A worker's output is text that the database does not take.
    case outputRefused
    case frameLost
    case frameRepeated
    case frameOvertaken
    case streamCut
    /// A worker's stream takes no assignment for a while.
    case streamFull
    case wakeLost
    case wakeLate
    /// A transaction holds the events' horizon back.
    case horizonHeld
    /// The client does not hear the answer.
    case clientAnswerLost
}

/// Decides when something goes wrong, and counts it.
final class Faults: Sendable {
    private struct State {
        var isOn = true
        var counts: [Fault: Int] = [:]
    }

    private let dice: Dice
    private let state = Mutex(State())

    init(dice: Dice) { self.dice = dice }

    /// Whether the fault happens here; it does in so many cases of a thousand while faults are on.
    func strikes(_ fault: Fault, _ permille: Int) -> Bool {
        // The dice are thrown in any case: so the seed's later choices do not depend on it.
        let isHit = dice.chance(permille)
        return state.withLock { state in
            guard isHit, state.isOn else { return false }
            state.counts[fault, default: 0] += 1
            return true
        }
    }

    func stop() { state.withLock { $0.isOn = false } }

    var isOn: Bool { state.withLock { $0.isOn } }
    var counts: [Fault: Int] { state.withLock { $0.counts } }
    var total: Int { state.withLock { $0.counts.values.reduce(0, +) } }
}
