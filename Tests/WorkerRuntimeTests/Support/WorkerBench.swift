import Logging
import Protobuf
import Telemetry

@testable import WorkerRuntime

/// A worker, and the server's side of its streams.
final class WorkerBench: Sendable {
    static let welcome = BeamlineV1.Welcome(
        workerID: "worker-1", leaseMs: 15_000, protocolVersion: 1, heartbeatMs: 100, maxMessageBytes: 4 << 20)

    struct NoStream: Error {}

    /// The server's end of one stream, after the `Hello`.
    final class ServerEnd: Sendable {
        let server: InProcessTaskSource.Stream
        let hello: BeamlineV1.Hello

        init(_ server: InProcessTaskSource.Stream, hello: BeamlineV1.Hello) {
            self.server = server
            self.hello = hello
        }

        /// The next message that is no heartbeat; `nil` when the worker has ended the stream.
        func nextOrEnd() async throws -> BeamlineV1.WorkerMessage.Kind? {
            for await message in server.fromWorker {
                guard case .heartbeat(let beat)? = message.kind else { return message.kind }
                server.say(.heartbeatAck(.init(sequence: beat.sequence)))
            }
            return nil
        }

        func next() async throws -> BeamlineV1.WorkerMessage.Kind {
            guard let message = try await nextOrEnd() else { throw NoStream() }
            return message
        }

        /// Waits for the end of a task: its failure, or `nil` for a success.
        func outcome() async throws -> BeamlineV1.Fail? {
            while true {
                switch try await next() {
                case .fail(let fail): return fail
                case .complete: return nil
                default: continue
                }
            }
        }

        func log() async throws -> String {
            while true {
                if case .log(let log) = try await next() { return log.text }
            }
        }

        func heartbeat() async throws -> Int32 {
            for await message in server.fromWorker {
                if case .heartbeat(let beat)? = message.kind { return beat.held }
            }
            throw NoStream()
        }
    }

    let source = InProcessTaskSource()
    let folder: TestFolder
    let worker: Worker
    let registry = MetricsRegistry()
    private let finished = Gate()

    init(pools: [String: Int] = ["cpu": 2, "io": 2], drainGrace: Duration = .seconds(20)) throws {
        let bench = try ExecutorBench()
        folder = bench.folder
        var configuration = WorkerConfiguration(name: "test", pools: pools)
        configuration.drainGrace = drainGrace
        configuration.stopGrace = .milliseconds(300)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        worker = Worker(
            configuration, source: source,
            executors: [ShellExecutor(host: bench.host), NoopExecutor()], metrics: registry, logger: logger)
    }

    /// The next stream, with its `Hello` read.
    func accept() async throws -> ServerEnd {
        var streams = source.streams.makeAsyncIterator()
        guard let stream = await streams.next() else { throw NoStream() }
        for await message in stream.fromWorker {
            guard case .hello(let hello)? = message.kind else { throw NoStream() }
            return ServerEnd(stream, hello: hello)
        }
        throw NoStream()
    }

    /// Runs the worker beside `body`, which gets its first stream, welcomed; then stops it.
    func withWorker(_ body: @Sendable (WorkerBench, ServerEnd) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { self.finished.open() }
                try await self.worker.run()
            }
            do {
                let stream = try await accept()
                stream.server.say(.welcome(Self.welcome))
                try await body(self, stream)
            } catch {
                worker.stopNow()
                throw error
            }
            worker.stopNow()
            try await group.waitForAll()
        }
    }

    /// Returns when the worker has left by itself.
    func ended() async throws {
        await finished.opened()
        try Task.checkCancellation()
    }
}
