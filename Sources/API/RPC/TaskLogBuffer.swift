import Engine
import Logging
import Synchronization
import Telemetry
import Workflows

/// Collects the output of one worker's attempts and writes it in batches, beside the commits.
///
/// Bounded: while the database is away, what no longer fits is dropped and counted, because holding the worker's stream
/// back would also hold back its heartbeats and outcomes. What is over the tenant's quota of log bytes is dropped, too; the
/// attempt's log says so once.
final class TaskLogBuffer: Sendable {
    private static let byteLimit = 4 << 20
    private static let batch = 500
    static let cutNotice = "[beamline] The tenant's quota of log bytes is used up: what follows is not kept.\n"
    /// Attempts whose logs say so already are remembered up to so many.
    private static let mostCut = 1000

    private struct Attempt: Hashable {
        var key: RunKey
        var step: Int32
        var attempt: Int32
    }

    private struct State {
        var cut: Set<Attempt> = []
        var lines: [LogLine] = []
        var bytes = 0
    }

    private let log: any TaskLog
    private let dropped: Counter
    private let takes: @Sendable (_ bytes: Int, _ tenant: TenantID) -> Bool
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter takes: Whether so many bytes more of a tenant are kept.
    init(
        _ log: any TaskLog, dropped: Counter,
        takes: @escaping @Sendable (_ bytes: Int, _ tenant: TenantID) -> Bool = { _, _ in true }
    ) {
        self.log = log
        self.dropped = dropped
        self.takes = takes
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func append(_ line: LogLine) {
        let attempt = Attempt(key: line.key, step: line.step, attempt: line.attempt)
        // A log without its middle would tell a false story.
        let isCut = state.withLock { !$0.cut.isEmpty && $0.cut.contains(attempt) }
        if !isCut, takes(line.text.utf8.count, line.key.tenant) { return collect(line) }
        dropped.add()
        let isFirst = state.withLock { state in
            if state.cut.count >= Self.mostCut { state.cut = [] }
            return state.cut.insert(attempt).inserted
        }
        guard isFirst else { return }
        var notice = line
        notice.text = Self.cutNotice
        collect(notice)
    }

    private func collect(_ line: LogLine) {
        let size = line.text.utf8.count + 100
        let isTaken = state.withLock { state in
            guard state.bytes + size <= Self.byteLimit else { return false }
            state.lines.append(line)
            state.bytes += size
            return true
        }
        if isTaken { wake.yield() } else { dropped.add() }
    }

    /// Writes what comes until the task is cancelled.
    func run() async {
        var wait = Duration.milliseconds(100)
        for await _ in wakes {
            while await flush(limit: Self.batch) == .failed {
                guard (try? await Task.sleep(for: wait)) != nil else { return }
                wait = min(wait * 2, .seconds(5))
            }
            wait = .milliseconds(100)
        }
    }

    /// Writes what is left, once.
    func finish() async { while await flush(limit: Self.batch) == .more {} }

    private enum Flushed {
        case done, more, failed
    }

    private func flush(limit: Int) async -> Flushed {
        let lines = state.withLock { Array($0.lines.prefix(limit)) }
        if lines.isEmpty { return .done }
        do {
            try await log.append(lines)
        } catch { return .failed }
        let isMore = state.withLock { state in
            state.lines.removeFirst(lines.count)
            state.bytes -= lines.reduce(0) { $0 + $1.text.utf8.count + 100 }
            return !state.lines.isEmpty
        }
        if isMore { wake.yield() }
        return isMore ? .more : .done
    }
}
