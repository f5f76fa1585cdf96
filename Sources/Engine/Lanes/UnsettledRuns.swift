import Synchronization
import Workflows

/// The runs of a lane's batches that are not settled, each in one batch only: what comes for a run that another batch has
/// is judged by what that batch comes to, and waits for it.
final class UnsettledRuns: Sendable {
    private struct State {
        /// By the batch's place in the lane.
        var runs: [Set<RunKey>]
        /// What waits for each.
        var deferred: [[LaneCommand]]
    }

    private let state: Mutex<State>

    /// - Parameter batches: how many a lane has at once.
    init(batches: Int) {
        state = Mutex(
            State(
                runs: Array(repeating: [], count: batches), deferred: Array(repeating: [], count: batches)))
    }

    /// Takes the runs of the commands for a batch; answers the commands that it may apply. The others are kept.
    func take(_ commands: [LaneCommand], for batch: Int) -> [LaneCommand] {
        state.withLock { state in
            let others = state.runs.indices.filter { $0 != batch && !state.runs[$0].isEmpty }
            guard !others.isEmpty else {
                for command in commands { state.runs[batch].insert(command.key) }
                return commands
            }
            var free: [LaneCommand] = []
            free.reserveCapacity(commands.count)
            for command in commands {
                if let other = others.first(where: { state.runs[$0].contains(command.key) }) {
                    state.deferred[other].append(command)
                } else {
                    state.runs[batch].insert(command.key)
                    free.append(command)
                }
            }
            return free
        }
    }

    /// The batch is settled or given up; answers the commands that have waited for it.
    func settle(_ batch: Int) -> [LaneCommand] {
        state.withLock { state in
            state.runs[batch].removeAll(keepingCapacity: true)
            defer { state.deferred[batch] = [] }
            return state.deferred[batch]
        }
    }
}
