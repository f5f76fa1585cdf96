import Access
import GRPC
import Protobuf

extension APIFixture {
    /// Serves noop tasks while the body runs.
    func working(output: String = #"{"ok":true}"#, _ body: @Sendable @escaping () async throws -> Void) async throws {
        let channel = try channel(.worker)
        let worker = try await TestWorker.connect(channel)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // It ends when the channel is closed.
            group.addTask { try? await worker.complete(output: output) }
            do {
                try await body()
            } catch {
                group.cancelAll()
                await channel.close()
                throw error
            }
            group.cancelAll()
            await channel.close()
        }
    }

    /// The run when it has ended; its changes are watched, nothing is polled.
    func ended(_ run: String, tenant: String = "acme") async throws -> BeamlineV1.Run {
        let channel = try channel(.admin, tenant: tenant)
        let watch = try await channel.serverStreaming(BeamlineV1.RunService.watchRun, .init(runID: run))
        var last: BeamlineV1.Run?
        for try await view in watch.responses { last = view }
        await channel.close()
        guard let last else { throw NeverSeen(run: run) }
        return last
    }

    struct NeverSeen: Error {
        var run: String
    }
}
