import Dispatch
import Synchronization

/// Runs the jobs of its tasks one at a time, in an order that a seed decides, and knows when none is left to run.
///
/// A manual clock that moves only then never outruns what it drives, however busy the machine is; and another seed is
/// another interleaving.
public final class TurnExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isRunning = false
        var random: SeededRandom
        var idle: [CheckedContinuation<Void, Never>] = []
        var turns = 0
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "turns")

    public init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed: seed))) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isRunning = state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return state.isRunning
        }
        if !isRunning { queue.async { self.run() } }
    }

    /// Returns once every task that is run here waits for something else.
    public func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isRunning { state.idle.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Jobs that have been run.
    public var turns: Int { state.withLock { $0.turns } }

    private enum Turn {
        case job(UnownedJob)
        /// Nothing is left to run: one of those that wait for this moment goes on, which may bring more jobs.
        case idle(CheckedContinuation<Void, Never>)
    }

    private func run() {
        while let turn = next() {
            switch turn {
            // The executor outlives its jobs: each task holds it by its preference.
            case .job(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .idle(let waiter): waiter.resume()
            }
        }
    }

    private func next() -> Turn? {
        state.withLock { state in
            if !state.jobs.isEmpty {
                state.turns += 1
                return .job(state.jobs.remove(at: Int.random(in: state.jobs.indices, using: &state.random)))
            }
            if !state.idle.isEmpty { return .idle(state.idle.removeFirst()) }
            state.isRunning = false
            return nil
        }
    }
}
