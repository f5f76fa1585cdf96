internal import NIOCore
import Synchronization

/// Runs work that is cancelled at a deadline. The work has ended when this returns, in either case.
///
/// - Throws: ``GRPCStatus`` DEADLINE_EXCEEDED, or what the work throws.
func withDeadline<Result: Sendable>(
    _ deadline: ContinuousClock.Instant?, on loop: any EventLoop,
    _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    guard let deadline else { return try await work() }
    let span = ContinuousClock.now.duration(to: deadline)
    guard span > .zero else { throw GRPCStatus.deadlineExceeded }
    let alarm = Alarm()
    let timer = loop.scheduleTask(in: TimeAmount(span)) { alarm.ring() }
    defer { timer.cancel() }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addImmediateTask { try await work() }
        group.addImmediateTask {
            await alarm.wait()
            return nil
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() ?? nil else { throw GRPCStatus.deadlineExceeded }
        return result
    }
}

/// Lets one task wait until it rings or the task is cancelled.
private final class Alarm: Sendable {
    private enum State {
        case quiet
        case awaited(CheckedContinuation<Void, Never>)
        case rung
    }

    private let state = Mutex(State.quiet)

    func ring() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state = .rung }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume()
    }

    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = state.withLock { state in
                    if case .rung = state { return true }
                    state = .awaited(continuation)
                    return false
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}

extension GRPCStatus {
    static let deadlineExceeded = GRPCStatus(.deadlineExceeded, "The deadline has passed.")
}
