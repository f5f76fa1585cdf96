import DequeModule
import Synchronization

/// The commands that wait for a lane: bounded, many producers, one consumer.
final class LaneQueue: Sendable {
    /// A command with its size: finding that out looks into all of the command.
    private struct Waiting {
        var command: LaneCommand
        var bytes: Int

        init(_ command: LaneCommand) {
            self.command = command
            bytes = command.bytes
        }
    }

    private struct State {
        var commands: Deque<Waiting> = []
        var bytes = 0
        /// Nothing runs the lane.
        var isOpen = true
        /// Callers are refused; outcomes and the engine's own commands are still taken.
        var isDraining = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    enum Acceptance: Sendable {
        case accepted
        case overloaded
        case closed
    }

    private let state = Mutex(State())
    private let commandLimit: Int
    private let byteLimit: Int

    init(commandLimit: Int, byteLimit: Int) {
        self.commandLimit = commandLimit
        self.byteLimit = byteLimit
    }

    var depth: Int { state.withLock { $0.commands.count } }

    /// Appends a command and wakes the lane. Outcomes of attempts and the engine's own commands are `unbounded`: slots
    /// and timers bound them already, and refusing them would only make work.
    func append(_ command: LaneCommand, unbounded: Bool) -> Acceptance {
        let waiting = Waiting(command)
        let (acceptance, waiter): (Acceptance, CheckedContinuation<Void, Never>?) = state.withLock { state in
            guard state.isOpen, unbounded || !state.isDraining else { return (.closed, nil) }
            if !unbounded, state.commands.count >= commandLimit || state.bytes >= byteLimit {
                return (.overloaded, nil)
            }
            state.commands.append(waiting)
            state.bytes += waiting.bytes
            let waiter = state.waiter
            state.waiter = nil
            return (.accepted, waiter)
        }
        waiter?.resume()
        return acceptance
    }

    /// Puts commands back before all others, in their order.
    func putBack(_ commands: [LaneCommand]) {
        guard !commands.isEmpty else { return }
        let waiting = commands.map { Waiting($0) }
        state.withLock { state in
            state.commands.prepend(contentsOf: waiting)
            state.bytes += waiting.reduce(0) { $0 + $1.bytes }
        }
    }

    /// Waits for commands and takes as many as fit one batch; empty when the task is cancelled.
    func take(count: Int, bytes: Int) async -> [LaneCommand] {
        await waitForCommands()
        if Task.isCancelled { return [] }
        return state.withLock { state in
            var taken: [LaneCommand] = []
            taken.reserveCapacity(min(count, state.commands.count))
            var size = 0
            while taken.count < count, let next = state.commands.first?.bytes {
                size += next
                if !taken.isEmpty, size > bytes { break }
                taken.append(state.commands.removeFirst().command)
                state.bytes -= next
            }
            return taken
        }
    }

    /// Takes out the commands whose callers wait no longer.
    func expire(now: Duration) -> [LaneCommand] {
        state.withLock { state in
            var expired: [LaneCommand] = []
            var kept: Deque<Waiting> = []
            for waiting in state.commands {
                if let deadline = waiting.command.deadline, deadline <= now {
                    expired.append(waiting.command)
                    state.bytes -= waiting.bytes
                } else {
                    kept.append(waiting)
                }
            }
            state.commands = kept
            return expired
        }
    }

    func open() { state.withLock { $0.isOpen = true } }

    func beginDraining() { state.withLock { $0.isDraining = true } }

    /// Takes nothing more, and hands over what still waits.
    func close() -> [LaneCommand] {
        state.withLock { state in
            state.isOpen = false
            defer {
                state.commands = []
                state.bytes = 0
            }
            return state.commands.map(\.command)
        }
    }

    private func waitForCommands() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if !state.commands.isEmpty || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
