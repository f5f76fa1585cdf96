import HeapModule
import Synchronization

/// Virtual time: it stands still while anything can run, then jumps to whatever is due next.
final class SimulatedTime: Sendable {
    private struct Due: Comparable, Sendable {
        var at: Duration
        /// Of two that are due at once, the one that was asked for first comes first.
        var number: Int

        static func < (left: Self, right: Self) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }

    private enum Action {
        case wake(CheckedContinuation<Void, Never>)
        case call(@Sendable () -> Void)
    }

    private struct State {
        var now: Duration = .zero
        var number = 0
        var due = Heap<Due>()
        /// Those that were cancelled are missing.
        var actions: [Int: Action] = [:]

        mutating func add(_ action: Action, at: Duration, number: Int) {
            due.insert(Due(at: at, number: number))
            actions[number] = action
        }

        mutating func nextNumber() -> Int {
            number += 1
            return number
        }
    }

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }

    func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        state.withLock { state in
            let number = state.nextNumber()
            state.add(.call(action), at: state.now + delay, number: number)
        }
    }

    /// Returns at the moment, or as soon as the task is cancelled.
    func sleep(until deadline: Duration) async {
        let number = state.withLock { $0.nextNumber() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.now >= deadline || Task.isCancelled { return true }
                    state.add(.wake(continuation), at: deadline, number: number)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            if case .wake(let continuation)? = state.withLock({ $0.actions.removeValue(forKey: number) }) {
                continuation.resume()
            }
        }
    }

    func sleep(for duration: Duration) async { await sleep(until: now + duration) }

    /// Does one thing that is due now; `false` when there is none.
    func performNext() -> Bool {
        let action = state.withLock { state in
            while let next = state.due.min, next.at <= state.now {
                state.due.removeMin()
                if let action = state.actions.removeValue(forKey: next.number) { return Action?.some(action) }
            }
            return nil
        }
        switch action {
        case .wake(let continuation)?: continuation.resume()
        case .call(let call)?: call()
        case nil: return false
        }
        return true
    }

    /// Moves on to what is due next; `false` when nothing is.
    func advance() -> Bool {
        state.withLock { state in
            while let next = state.due.min {
                guard state.actions[next.number] != nil else {
                    state.due.removeMin()
                    continue
                }
                state.now = max(state.now, next.at)
                return true
            }
            return false
        }
    }
}
