public import Protobuf
import Synchronization

/// A server within the process: whoever holds the other end of each stream plays it.
public final class InProcessTaskSource: TaskSource {
    /// The two ends of one stream.
    public final class Stream: TaskStream {
        /// What the worker says; it ends with the stream.
        public let fromWorker: AsyncStream<BeamlineV1.WorkerMessage>
        private let worker: AsyncStream<BeamlineV1.WorkerMessage>.Continuation
        private let server: AsyncThrowingStream<BeamlineV1.ServerMessage, any Error>.Continuation
        private let messages: AsyncThrowingStream<BeamlineV1.ServerMessage, any Error>
        private let broken = Mutex<(any Error)?>(nil)

        init() {
            (fromWorker, worker) = AsyncStream.makeStream()
            let (messages, server) = AsyncThrowingStream<BeamlineV1.ServerMessage, any Error>.makeStream()
            self.server = server
            self.messages = messages
        }

        public func receive() async throws -> BeamlineV1.ServerMessage? {
            // A new iterator each time goes on where the last one was: the stream hands each message out once.
            var iterator = messages.makeAsyncIterator()
            return try await iterator.next()
        }

        public func send(_ messages: [BeamlineV1.WorkerMessage]) async throws {
            if let error = broken.withLock({ $0 }) { throw error }
            for message in messages { worker.yield(message) }
        }

        /// The server says something.
        public func say(_ kind: BeamlineV1.ServerMessage.Kind) {
            server.yield(BeamlineV1.ServerMessage(kind: kind))
        }

        /// The server ends the stream in order.
        public func end() { server.finish() }

        /// The stream breaks.
        public func breakOff(_ error: any Error) {
            broken.withLock { $0 = error }
            server.finish(throwing: error)
        }

        func ended() {
            worker.finish()
            server.finish()
        }
    }

    /// Each stream that the worker opens.
    public let streams: AsyncStream<Stream>
    private let opened: AsyncStream<Stream>.Continuation

    public init() {
        (streams, opened) = AsyncStream.makeStream()
    }

    public func withStream(_ body: @Sendable (any TaskStream) async throws -> Void) async throws {
        let stream = Stream()
        opened.yield(stream)
        defer { stream.ended() }
        try await body(stream)
    }
}
