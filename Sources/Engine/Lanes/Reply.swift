import Synchronization
import Workflows

/// What a command is answered with.
enum Answer: Sendable {
    case started(Started)
    case finished(FinishAnswer)
    case cancelled
    /// The event was applied.
    case applied
    case failed(EngineError)
}

/// Where a command's answer goes.
enum Reply: Sendable {
    /// Nobody waits (timers, inbox, the engine's own commands).
    case none
    case caller(CheckedContinuation<Answer, Never>)
    case batch(BatchReply, index: Int)
    /// The worker's stream is told by an acknowledgement.
    case worker(any TaskSink, TaskName)

    func answer(_ answer: Answer) {
        switch self {
        case .none: break
        case .caller(let continuation): continuation.resume(returning: answer)
        case .batch(let batch, let index): batch.answer(answer, at: index)
        case .worker(let sink, let task):
            // A refusal leaves the outcome unacknowledged: the worker sends it again when it reconnects.
            if case .finished(let finish) = answer { sink.acknowledge(task, finish) }
        }
    }
}

/// Collects the answers of commands that were submitted together and resumes their caller once.
final class BatchReply: Sendable {
    private struct State {
        var answers: [Answer?]
        var missing: Int
        var waiter: CheckedContinuation<[Answer], Never>?
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(answers: Array(repeating: nil, count: count), missing: count)) }

    func answer(_ answer: Answer, at index: Int) {
        let done: (CheckedContinuation<[Answer], Never>, [Answer])? = state.withLock { state in
            if state.answers[index] == nil { state.missing -= 1 }
            state.answers[index] = answer
            guard state.missing == 0, let waiter = state.waiter else { return nil }
            state.waiter = nil
            return (waiter, state.answers.compactMap(\.self))
        }
        done?.0.resume(returning: done?.1 ?? [])
    }

    /// Waits for all answers; called once.
    func wait() async -> [Answer] {
        await withCheckedContinuation { continuation in
            let done: [Answer]? = state.withLock { state in
                guard state.missing > 0 else { return state.answers.compactMap(\.self) }
                state.waiter = continuation
                return nil
            }
            if let done { continuation.resume(returning: done) }
        }
    }
}
