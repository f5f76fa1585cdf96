public import Protobuf

/// Where a worker's tasks come from: something that it can connect to, again and again.
public protocol TaskSource: Sendable {
    /// Opens a stream and lends it to `body`. When `body` returns, the stream is ended in order, which tells the server
    /// that the worker has left; when it throws or its task is cancelled, the stream is broken off, and the worker may
    /// come back with what it holds.
    ///
    /// - Throws: what `body` throws, or why no stream could be had.
    func withStream(_ body: @Sendable (any TaskStream) async throws -> Void) async throws
}

/// One stream of messages both ways.
public protocol TaskStream: Sendable {
    /// The next message; `nil` when the server has ended the stream in order. Throws when the stream is broken.
    func receive() async throws -> BeamlineV1.ServerMessage?

    /// Sends messages in this order; waits while the server does not take them.
    func send(_ messages: [BeamlineV1.WorkerMessage]) async throws
}
