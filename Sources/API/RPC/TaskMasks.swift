import Engine
import Secrets
import Synchronization
import Workflows

/// The secrets of one worker's attempts, taken out of what it says of them. The worker does so itself; here it is done for
/// those that do not, before anything is written.
///
/// Attempts without secrets cost one look at an empty table.
final class TaskMasks: Sendable {
    private struct Entry {
        let mask: SecretMask
        var streams: [LogLine.Stream: SecretStream] = [:]
        /// The last line that passed, for what is left when the attempt ends.
        var last: LogLine?
    }

    private struct State {
        var entries: [TaskName: Entry] = [:]
        /// Attempts that the worker brought along, of which nothing is known yet.
        var unknown: Set<TaskName> = []
    }

    private let state = Mutex(State())

    /// The worker holds these since before this stream.
    func bring(_ tasks: [TaskName]) {
        guard !tasks.isEmpty else { return }
        state.withLock { $0.unknown.formUnion(tasks) }
    }

    /// Whether somebody must find out which secrets the attempt has; says so once.
    func mustAsk(_ task: TaskName) -> Bool { state.withLock { !$0.unknown.isEmpty && $0.unknown.contains(task) } }

    /// The attempt was given these values.
    func note(_ task: TaskName, secrets: [[UInt8]]) {
        let mask = SecretMask(secrets)
        state.withLock { state in
            if !state.unknown.isEmpty { state.unknown.remove(task) }
            if let mask { state.entries[task] = Entry(mask: mask) }
        }
    }

    func forget(_ task: TaskName) {
        state.withLock { state in
            if !state.entries.isEmpty { state.entries[task] = nil }
            if !state.unknown.isEmpty { state.unknown.remove(task) }
        }
    }

    /// A line of an attempt as it may be written.
    func clean(_ line: LogLine, of task: TaskName) -> LogLine {
        state.withLock { state in
            guard !state.entries.isEmpty, var entry = state.entries.removeValue(forKey: task) else { return line }
            var stream = entry.streams[line.stream] ?? SecretStream(entry.mask)
            var line = line
            line.text = String(decoding: stream.take(Array(line.text.utf8)), as: UTF8.self)
            entry.streams[line.stream] = stream
            entry.last = line
            state.entries[task] = entry
            return line
        }
    }

    /// The outcome of an attempt as it may be written, and what was held back of its log.
    func clean(
        _ outcome: FinishCommand.Outcome, of task: TaskName
    ) -> (outcome: FinishCommand.Outcome, rest: [LogLine]) {
        state.withLock { state in
            guard !state.entries.isEmpty, var entry = state.entries[task] else { return (outcome, []) }
            var rest: [LogLine] = []
            for (name, stream) in entry.streams {
                var stream = stream
                let text = stream.finish()
                entry.streams[name] = stream
                guard !text.isEmpty, var line = entry.last else { continue }
                line.sequence += Int64(rest.count) + 1
                line.stream = name
                line.text = String(decoding: text, as: UTF8.self)
                rest.append(line)
            }
            state.entries[task] = entry
            return (outcome.masked(entry.mask), rest)
        }
    }
}

extension FinishCommand.Outcome {
    fileprivate func masked(_ mask: SecretMask) -> Self {
        switch self {
        case .success(let output): return .success(mask.masked(json: output))
        case .failure(var failure):
            failure.message = mask.masked(failure.message)
            failure.code = mask.masked(failure.code)
            return .failure(failure)
        }
    }
}
