public import Protobuf
import Secrets
import Synchronization
import Telemetry

/// Where an execution's log goes: numbered chunks for its attempt, bounded in all.
public final class TaskLog: Sendable {
    /// Bytes of log that an attempt may write; what comes after is dropped, with a notice.
    public static let attemptLimit = 10 << 20

    private struct State {
        var sequence: Int64 = 0
        var bytes = 0
        var truncated = false
        /// What may be the beginning of a secret waits here, by stream.
        var masking: [BeamlineV1.Log.Stream: SecretStream] = [:]
    }

    private let task: BeamlineV1.TaskRef
    private let outlet: any LogOutlet
    private let mask: SecretMask?
    private let state = Mutex(State())

    /// - Parameter mask: takes the task's secrets out.
    init(task: BeamlineV1.TaskRef, outlet: any LogOutlet, mask: SecretMask? = nil) {
        self.task = task
        self.outlet = outlet
        self.mask = mask
    }

    /// Whether the way to the server has room. Who can wait should, before it writes more.
    public var hasRoom: Bool { outlet.hasRoom }

    /// Writes text as one chunk, without the task's secrets; an empty one is nothing.
    public func append(_ text: String, _ stream: BeamlineV1.Log.Stream) {
        guard !text.isEmpty else { return }
        state.withLock { state in
            guard let mask else { return write(text, stream, &state) }
            var masking = state.masking[stream] ?? SecretStream(mask)
            let clean = masking.take(Array(text.utf8))
            state.masking[stream] = masking
            write(String(decoding: clean, as: UTF8.self), stream, &state)
        }
    }

    /// Writes what was held back: the attempt writes no more.
    func finish() {
        guard mask != nil else { return }
        state.withLock { state in
            for (stream, masking) in state.masking {
                var masking = masking
                write(String(decoding: masking.finish(), as: UTF8.self), stream, &state)
            }
            state.masking = [:]
        }
    }

    /// A line of the worker's own about this attempt.
    public func notice(_ text: String) {
        state.withLock { emit((mask?.masked(text) ?? text) + "\n", .system, &$0) }
    }

    private func write(_ text: String, _ stream: BeamlineV1.Log.Stream, _ state: inout State) {
        guard !text.isEmpty, !state.truncated else { return }
        let size = text.utf8.count
        state.bytes += size
        guard state.bytes > Self.attemptLimit else { return emit(text, stream, &state) }
        state.truncated = true
        let rest = Self.prefix(of: text, bytes: size - (state.bytes - Self.attemptLimit))
        if !rest.isEmpty { emit(rest, stream, &state) }
        emit("log truncated: this attempt wrote more than 10 MiB\n", .system, &state)
    }

    /// Under the lock, so that chunks of both of a program's streams leave in the order of their numbers.
    private func emit(_ text: String, _ stream: BeamlineV1.Log.Stream, _ state: inout State) {
        state.sequence += 1
        outlet.emit(
            BeamlineV1.Log(
                task: task, sequence: state.sequence, stream: stream, text: text, unixUs: WallTime.now().microseconds))
    }

    private static func prefix(of text: String, bytes: Int) -> String {
        // Rounded down to a character's boundary.
        let utf8 = Array(text.utf8)
        let cut = OutputLines.boundary(in: utf8, from: 0, at: min(max(0, bytes), utf8.count - 1))
        return OutputLines.text(utf8[..<cut])
    }
}

/// Takes chunks for the server.
protocol LogOutlet: Sendable {
    var hasRoom: Bool { get }
    func emit(_ chunk: BeamlineV1.Log)
    func emit(_ progress: BeamlineV1.Progress)
}
