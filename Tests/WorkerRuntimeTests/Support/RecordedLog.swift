import Protobuf
import Synchronization

@testable import WorkerRuntime

/// Keeps what executions log, in memory.
final class RecordedLog: LogOutlet {
    private let chunks = Mutex<[BeamlineV1.Log]>([])
    private let waiting = Mutex<[(text: String, continuation: AsyncStream<Never>.Continuation)]>([])

    var hasRoom: Bool { true }

    func emit(_ chunk: BeamlineV1.Log) {
        chunks.withLock { $0.append(chunk) }
        let text = text()
        waiting.withLock { waiting in
            for waiter in waiting where text.contains(waiter.text) { waiter.continuation.finish() }
        }
    }

    func emit(_ progress: BeamlineV1.Progress) {}

    var all: [BeamlineV1.Log] { chunks.withLock { $0 } }

    func text(_ stream: BeamlineV1.Log.Stream = .output) -> String {
        all.filter { $0.stream == stream }.map(\.text).joined()
    }

    /// Returns when standard output holds the text.
    func wait(for text: String) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        waiting.withLock { $0.append((text, continuation)) }
        if self.text().contains(text) { return }
        for await _ in stream {}
    }
}
