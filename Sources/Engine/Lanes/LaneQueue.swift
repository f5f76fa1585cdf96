import DequeModule
import Synchronization
import Workflows

/// The commands that wait for a lane, bounded, and the turns of the batches that take them. Tenants take turns.
final class LaneQueue: Sendable {
    private struct State {
        var lines = TenantLines<LaneCommand>()
        /// So many batches to come are small ones.
        var smallBatches = 0
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
                guard turns.next(waiting: lines.count, hasRoom: hasRoom) != .wait else { return nil }
                gatherer = nil
                return .gatherer(continuation)
            }
            guard !beginners.isEmpty, turns.mayBegin(waiting: lines.count) else { return nil }
            turns.begin()
            return beginners.popFirst().map { .beginner($0) }
        }

        /// What fits beside what the batch has. Of several tenants, only so much that none waits for long.
        mutating func take(_ room: Room) -> [LaneCommand] {
            if lines.tenants > 1 {
                smallBatches = LaneQueue.smallBatches
            } else if room.isWhole, smallBatches > 0 {
                smallBatches -= 1
            }
            return lines.take(count: count(room), bytes: room.bytes, takesFirst: room.isWhole)
        }

        func count(_ room: Room) -> Int {
            smallBatches > 0 ? min(room.count, LaneQueue.smallBatch - room.taken) : room.count
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
        /// Commands that it has.
        var taken = 0

        /// The first command always fits.
        var isWhole: Bool { taken == 0 }
    }

    /// Commands of a small batch: so many that the transaction is still the lesser part of its cost.
    static let smallBatch = 128
    /// Batches that are small from when several tenants wait: who comes in between finds none in its way that is large.
    static let smallBatches = 8

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

    var depth: Int { state.withLock { $0.lines.count } }

    /// Nothing waits, and no batch is under way.
    var isIdle: Bool {
        state.withLock { $0.lines.isEmpty && !$0.turns.isGathering && !$0.turns.isWriting }
    }

    /// Appends a command and wakes the lane. Outcomes of attempts and the engine's own commands are `unbounded`: slots
    /// and timers bound them already, and refusing them would only make work.
    ///
    /// A tenant may have four times as many waiting as there is room left (dynamic thresholds, Choudhury and Hahne, 1998):
    /// so one that sends without end leaves a fifth of the room to others.
    func append(_ command: LaneCommand, unbounded: Bool) -> Acceptance {
        // Finding out the size looks into all of the command.
        let bytes = command.bytes
        let tenant = command.key.tenant
        let (acceptance, wake): (Acceptance, Wake?) = state.withLock { state in
            guard state.isOpen, unbounded || !state.isDraining else { return (.closed, nil) }
            if !unbounded {
                let room = commandLimit - state.lines.count
                if state.lines.count(of: tenant) >= 4 * room || state.lines.bytes >= byteLimit {
                    return (.overloaded, nil)
                }
            }
            state.lines.append(command, bytes: bytes, of: tenant)
            return (.accepted, state.wake())
        }
        wake?.resume()
        return acceptance
    }

    /// Puts commands back before all others, in their order.
    func putBack(_ commands: [LaneCommand]) {
        guard !commands.isEmpty else { return }
        let sizes = commands.map(\.bytes)
        change { state in
            for (command, bytes) in zip(commands, sizes).reversed() {
                state.lines.prepend(command, bytes: bytes, of: command.key.tenant)
            }
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
                    guard state.turns.mayBegin(waiting: state.lines.count) else {
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
        var room = room
        while true {
            let next: Next? = state.withLock { state in
                switch state.turns.next(waiting: state.lines.count, hasRoom: state.count(room) > 0) {
                case .wait: return nil
                case .gather:
                    let more = state.take(room)
                    // The next command is too large for what is left.
                    if more.isEmpty { room.count = 0 }
                    return more.isEmpty ? nil : .gather(more)
                case .write:
                    state.turns.beginWriting()
                    return .write(state.take(room))
                }
            }
            if let next { return next }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let hasRoom = state.count(room) > 0
                    guard state.turns.next(waiting: state.lines.count, hasRoom: hasRoom) == .wait else { return true }
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
            state.lines.remove { command in command.deadline.map { $0 <= now } ?? false }
        }
    }

    func open() { state.withLock { $0.isOpen = true } }

    func beginDraining() { state.withLock { $0.isDraining = true } }

    /// Takes nothing more, and hands over what still waits.
    func close() -> [LaneCommand] {
        state.withLock { state in
            state.isOpen = false
            return state.lines.remove { _ in true }
        }
    }
}
