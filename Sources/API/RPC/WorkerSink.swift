import Engine
import GRPC
import Protobuf
import Synchronization
import Workflows

/// One worker's stream as the engine drives it: never suspends, never grows.
///
/// Messages that the engine hands over before the worker was welcomed wait for the welcome. A stream that is full takes no
/// assignment; everything else is about tasks that the worker holds, so it is bounded by its slots and has room of its
/// own. What finds even that used up ends the stream: the worker connects again, and both sides compare what it holds.
final class WorkerSink: TaskSink {
    private enum Phase {
        case opening([BeamlineV1.ServerMessage])
        case open(onRoom: @Sendable () -> Void)
        case ended
    }

    private struct State {
        var phase = Phase.opening([])
        var tasks: [TaskName: Assigned] = [:]
    }

    /// What is kept of a task that the worker has.
    private struct Assigned {
        /// Where its step stands in the plan, for the log.
        var step: Int32
        /// How it was named to the worker, and will be in the answer; `nil` where the worker brought it along.
        var reference: BeamlineV1.TaskRef?
    }

    /// The secrets of the attempts that it has.
    let masks = TaskMasks()
    private let responses: GRPCResponseWriter<BeamlineV1.ServerMessage>
    private let state = Mutex(State())
    private let end: AsyncStream<Never>
    private let endSignal: AsyncStream<Never>.Continuation
    private let refusals: AsyncStream<Void>
    private let refused: AsyncStream<Void>.Continuation

    init(_ responses: GRPCResponseWriter<BeamlineV1.ServerMessage>) {
        self.responses = responses
        (end, endSignal) = AsyncStream.makeStream()
        (refusals, refused) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells the engine each time that the stream, having refused an assignment, has room again; throws when the worker
    /// has gone.
    func reportRoom() async throws {
        for await _ in refusals {
            try await responses.waitForRoom()
            let onRoom: (@Sendable () -> Void)? = state.withLock { state in
                if case .open(let onRoom) = state.phase { onRoom } else { nil }
            }
            onRoom?()
        }
    }

    /// Waits until the stream shall end.
    func ended() async { for await _ in end {} }

    var isOpen: Bool {
        state.withLock { state in
            if case .open = state.phase { true } else { false }
        }
    }

    /// Sends the welcome, then what waited for it. `onRoom` is called when a stream that refused an assignment takes
    /// others.
    func open(_ welcome: BeamlineV1.Welcome, onRoom: @escaping @Sendable () -> Void) {
        let delivered = state.withLock { state in
            guard case .opening(let waiting) = state.phase else { return false }
            state.phase = .open(onRoom: onRoom)
            return ([BeamlineV1.ServerMessage(kind: .welcome(welcome))] + waiting)
                .allSatisfy { send($0, urgent: true) }
        }
        if !delivered { close() }
        // What was refused before the welcome had nobody to tell.
        refused.yield()
    }

    /// Takes nothing more and ends the stream.
    func close() {
        state.withLock { $0.phase = .ended }
        endSignal.finish()
    }

    /// The place of a step in its plan, if it was assigned on this stream.
    func step(of task: TaskName) -> Int32? { state.withLock { $0.tasks[task]?.step } }

    func remember(step: Int32, of task: TaskName) { state.withLock { $0.tasks[task] = Assigned(step: step) } }

    // MARK: - TaskSink

    func offer(_ assignment: Assignment) -> Bool {
        let reference = BeamlineV1.TaskRef(assignment.task)
        let message = BeamlineV1.ServerMessage(kind: .assign(BeamlineV1.Assign(assignment, reference)))
        state.withLock {
            $0.tasks[assignment.task] = Assigned(step: assignment.fence.step, reference: reference)
        }
        if !assignment.secrets.isEmpty { masks.note(assignment.task, secrets: assignment.secrets) }
        guard deliver(message, urgent: false) else {
            forget(assignment.task)
            refused.yield()
            return false
        }
        return true
    }

    func acknowledge(_ task: TaskName, _ answer: FinishAnswer) {
        let reference = forget(task) ?? BeamlineV1.TaskRef(task)
        must(.ack(BeamlineV1.Ack(task: reference, result: .init(answer))))
    }

    func cancel(_ task: TaskName, reason: String) {
        must(.cancel(BeamlineV1.Cancel(task: BeamlineV1.TaskRef(task), reason: reason)))
    }

    func revoke(_ task: TaskName) {
        forget(task)
        must(.revoke(BeamlineV1.Revoke(task: BeamlineV1.TaskRef(task))))
    }

    func requestInventory() { must(.inventory(BeamlineV1.InventoryRequest())) }

    func reconnect(reason: String) {
        _ = deliver(BeamlineV1.ServerMessage(kind: .reconnect(BeamlineV1.Reconnect(reason: reason))), urgent: true)
        close()
    }

    /// The worker's heartbeat has arrived.
    func acknowledgeHeartbeat(_ sequence: Int64) {
        must(.heartbeatAck(BeamlineV1.HeartbeatAck(sequence: sequence)))
    }

    private func must(_ kind: BeamlineV1.ServerMessage.Kind) {
        if !deliver(BeamlineV1.ServerMessage(kind: kind), urgent: true) { close() }
    }

    private func deliver(_ message: BeamlineV1.ServerMessage, urgent: Bool) -> Bool {
        let isOpen: Bool? = state.withLock { state in
            switch state.phase {
            case .open: return true
            case .ended: return false
            case .opening(var waiting):
                // As many as a worker's slots; more than that is not ours to hold.
                guard waiting.count < 1000 else { return false }
                waiting.append(message)
                state.phase = .opening(waiting)
                return nil
            }
        }
        return isOpen.map { $0 && send(message, urgent: urgent) } ?? true
    }

    /// A message that has no wire format (a NUL in a text) is as undeliverable as one without room.
    private func send(_ message: BeamlineV1.ServerMessage, urgent: Bool) -> Bool {
        do { return try responses.offer(message, urgent: urgent) } catch { return false }
    }

    /// Answers how the task was named to the worker.
    @discardableResult
    private func forget(_ task: TaskName) -> BeamlineV1.TaskRef? {
        masks.forget(task)
        return state.withLock { $0.tasks.removeValue(forKey: task)?.reference }
    }
}
