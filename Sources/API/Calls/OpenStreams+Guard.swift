import Access
import GRPC

extension OpenStreams {
    /// Runs a stream's body; ends it when the caller's token or key does, or is revoked.
    func guarding(_ identity: Identity, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let (endings, signal) = AsyncStream.makeStream(of: StreamEnding.self, bufferingPolicy: .bufferingNewest(1))
        let id = insert(identity) { signal.yield($0) }
        defer { remove(id) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return false
            }
            group.addTask {
                // A node that stops says so on the stream itself, and its connection's end is the stream's.
                for await ending in endings {
                    if case .access = ending { return true }
                }
                return false
            }
            defer { group.cancelAll() }
            if try await group.next() == true { throw Problem.accessEnded.grpcStatus }
        }
    }
}
