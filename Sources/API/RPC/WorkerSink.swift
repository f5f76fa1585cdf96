import Engine
import GRPC
import Protobuf
import Synchronization
import Workflows

/// One worker's stream as the engine drives it: never suspends, never grows.
///
/// Messages that the engine hands over before the worker was welcomed wait for the welcome. What must reach the worker
/// and finds the stream full ends the stream: the worker connects again, and both sides compare what it holds.
final class WorkerSink: TaskSink {
    private enum Phase {
        case opening([BeamlineV1.ServerMessage])
        case open
        case ended
    }

    private struct State {
        var phase = Phase.opening([])
        /// Where each assigned step stands in its plan, for the log.
        var steps: [TaskName: Int32] = [:]
    }

    private let responses: GRPCResponseWriter<BeamlineV1.ServerMessage>
    private let state = Mutex(State())
    private let end: AsyncStream<Never>
    private let endSignal: AsyncStream<Never>.Continuation

    init(_ responses: GRPCResponseWriter<BeamlineV1.ServerMessage>) {
        self.responses = responses
        (end, endSignal) = AsyncStream.makeStream()
    }

    /// Waits until the stream shall end.
    func ended() async { for await _ in end {} }

    var isOpen: Bool {
        state.withLock { state in
            if case .open = state.phase { true } else { false }
        }
    }

    /// Sends the welcome, then what waited for it.
    func open(_ welcome: BeamlineV1.Welcome) {
        let delivered = state.withLock { state in
            guard case .opening(let waiting) = state.phase else { return false }
            state.phase = .open
            return ([BeamlineV1.ServerMessage(kind: .welcome(welcome))] + waiting).allSatisfy(send)
        }
        if !delivered { close() }
    }

    /// Takes nothing more and ends the stream.
    func close() {
        state.withLock { $0.phase = .ended }
        endSignal.finish()
    }

    /// The place of a step in its plan, if it was assigned on this stream.
    func step(of task: TaskName) -> Int32? { state.withLock { $0.steps[task] } }

    func remember(step: Int32, of task: TaskName) { state.withLock { $0.steps[task] = step } }

    // MARK: - TaskSink

    func offer(_ assignment: Assignment) -> Bool {
        let message = BeamlineV1.ServerMessage(kind: .assign(BeamlineV1.Assign(assignment)))
        remember(step: assignment.fence.step, of: assignment.task)
        guard deliver(message) else {
            forget(assignment.task)
            return false
        }
        return true
    }

    func acknowledge(_ task: TaskName, _ answer: FinishAnswer) {
        forget(task)
        must(.ack(BeamlineV1.Ack(task: BeamlineV1.TaskRef(task), result: .init(answer))))
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
        _ = deliver(BeamlineV1.ServerMessage(kind: .reconnect(BeamlineV1.Reconnect(reason: reason))))
        close()
    }

    /// The worker's heartbeat has arrived.
    func acknowledgeHeartbeat(_ sequence: Int64) {
        must(.heartbeatAck(BeamlineV1.HeartbeatAck(sequence: sequence)))
    }

    private func must(_ kind: BeamlineV1.ServerMessage.Kind) {
        if !deliver(BeamlineV1.ServerMessage(kind: kind)) { close() }
    }

    private func deliver(_ message: BeamlineV1.ServerMessage) -> Bool {
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
        return isOpen.map { $0 && send(message) } ?? true
    }

    /// A message that has no wire format (a NUL in a text) is as undeliverable as one without room.
    private func send(_ message: BeamlineV1.ServerMessage) -> Bool {
        do { return try responses.offer(message) } catch { return false }
    }

    private func forget(_ task: TaskName) { state.withLock { _ = $0.steps.removeValue(forKey: task) } }
}
