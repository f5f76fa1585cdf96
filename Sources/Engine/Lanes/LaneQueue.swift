import DequeModule
import Synchronization

/// The commands that wait for a lane, bounded, and the turns of the batches that take them.
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
        var turns: LaneTurns
        /// Those who would begin a batch: told whether they shall.
        var beginners: Deque<CheckedContinuation<Bool, Never>> = []
        /// The batch that takes commands waits for more of them, or for its turn to be written.
        var gatherer: (continuation: CheckedContinuation<Void, Never>, hasRoom: Bool)?

        init(eager: Int) { turns = LaneTurns(eager: eager) }

        /// Who can go on now.
        mutating func wake() -> Wake? {
            if let (continuation, hasRoom) = gatherer {
                guard turns.next(waiting: commands.count, hasRoom: hasRoom) != .wait else { return nil }
                gatherer = nil
                return .gatherer(continuation)
            }
            guard !beginners.isEmpty, turns.mayBegin(waiting: commands.count) else { return nil }
            turns.begin()
            return beginners.popFirst().map { .beginner($0) }
        }

        mutating func take(_ room: Room) -> [LaneCommand] {
            var taken: [LaneCommand] = []
            taken.reserveCapacity(min(room.count, commands.count))
            var size = 0
            while taken.count < room.count, let next = commands.first?.bytes {
                size += next
                if size > room.bytes, !taken.isEmpty || !room.takesAny { break }
                taken.append(commands.removeFirst().command)
                bytes -= next
            }
            return taken
        }
    }

    private enum Wake {
        case gatherer(CheckedContinuation<Void, Never>)
        case beginner(CheckedContinuation<Bool, Never>)

        func resume() {
            switch self {
            case .gatherer(let continuation): continuation.resume()
            case .beginner(let continuation): continuation.resume(returning: true)
            }
        }
    }

    /// What a batch still takes.
    struct Room {
        var count: Int
        var bytes: Int
        /// The first command always fits.
        var takesAny = false
    }

    /// What a batch that takes commands does next.
    enum Next {
        case gather([LaneCommand])
        /// It goes, with these last ones.
        case write([LaneCommand])
    }

    enum Acceptance: Sendable {
        case accepted
        case overloaded
        case closed
    }

    private let state: Mutex<State>
    private let commandLimit: Int
    private let byteLimit: Int

    /// - Parameter eager: so many commands are worth the beginning of another batch while one is written.
    init(commandLimit: Int, byteLimit: Int, eager: Int) {
        state = Mutex(State(eager: eager))
        self.commandLimit = commandLimit
        self.byteLimit = byteLimit
    }

    var depth: Int { state.withLock { $0.commands.count } }

    /// Nothing waits, and no batch is under way.
    var isIdle: Bool {
        state.withLock { $0.commands.isEmpty && !$0.turns.isGathering && !$0.turns.isWriting }
    }

    /// Appends a command and wakes the lane. Outcomes of attempts and the engine's own commands are `unbounded`: slots
    /// and timers bound them already, and refusing them would only make work.
    func append(_ command: LaneCommand, unbounded: Bool) -> Acceptance {
        let waiting = Waiting(command)
        let (acceptance, wake): (Acceptance, Wake?) = state.withLock { state in
            guard state.isOpen, unbounded || !state.isDraining else { return (.closed, nil) }
            if !unbounded, state.commands.count >= commandLimit || state.bytes >= byteLimit {
                return (.overloaded, nil)
            }
            state.commands.append(waiting)
            state.bytes += waiting.bytes
            return (.accepted, state.wake())
        }
        wake?.resume()
        return acceptance
    }

    /// Puts commands back before all others, in their order.
    func putBack(_ commands: [LaneCommand]) {
        guard !commands.isEmpty else { return }
        let waiting = commands.map { Waiting($0) }
        change { state in
            state.commands.prepend(contentsOf: waiting)
            state.bytes += waiting.reduce(0) { $0 + $1.bytes }
        }
    }

    // MARK: Batches

    /// Begins a batch as soon as there are commands and it is its turn, and takes what fits; `nil` when the task is
    /// cancelled. It ends with `endGathering`.
    func begin(_ room: Room) async -> [LaneCommand]? {
        let isTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    guard state.turns.mayBegin(waiting: state.commands.count) else {
                        state.beginners.append(continuation)
                        return nil
                    }
                    state.turns.begin()
                    return true
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let beginners = state.withLock { state in
                defer { state.beginners = [] }
                return state.beginners
            }
            for beginner in beginners { beginner.resume(returning: false) }
        }
        guard isTurn else { return nil }
        if Task.isCancelled {
            endGathering()
            return nil
        }
        return state.withLock { $0.take(room) }
    }

    /// What the batch that takes commands does next: it gets more, or its turn to be written, which ends with
    /// `endWriting`.
    func next(_ room: Room) async -> Next {
        while true {
            let next: Next? = state.withLock { state in
                switch state.turns.next(waiting: state.commands.count, hasRoom: room.count > 0) {
                case .wait: return nil
                case .gather:
                    let more = state.take(room)
                    // The next command is too large for what is left.
                    return more.isEmpty ? nil : .gather(more)
                case .write:
                    state.turns.beginWriting()
                    return .write(state.take(room))
                }
            }
            if let next { return next }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let hasRoom = room.count > 0 && state.commands.first.map { $0.bytes <= room.bytes } ?? true
                    guard state.turns.next(waiting: state.commands.count, hasRoom: hasRoom) == .wait else {
                        return true
                    }
                    state.gatherer = (continuation, hasRoom)
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// The batch takes nothing more: another one may be begun.
    func endGathering() { change { $0.turns.endGathering() } }

    /// The store has answered: the next batch may go.
    func endWriting() { change { $0.turns.endWriting() } }

    private func change(_ body: (inout sending State) -> Void) {
        let wake: Wake? = state.withLock { state in
            body(&state)
            return state.wake()
        }
        wake?.resume()
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
}
