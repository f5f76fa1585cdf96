import Access
import Engine
import GRPC
import Logging
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.WorkerService`: a worker's stream, between the wire and the engine's session.
struct WorkerService: Sendable {
    static let protocolVersion: Int32 = 1
    private static let helloTimeout = Duration.seconds(10)
    private static let messageLimit: Int64 = 4 << 20

    let engine: Engine
    let reader: any RunReader
    let outlines: FlowOutlines
    let log: any TaskLog
    let streams: OpenStreams
    let logger: Logger
    private let droppedLines: Counter

    init(parts: APIParts, streams: OpenStreams) {
        engine = parts.engine
        reader = parts.reader
        outlines = FlowOutlines(catalog: parts.catalog)
        log = parts.taskLog
        self.streams = streams
        logger = parts.logger
        droppedLines = parts.metrics.counter(
            "beamline_log_lines_dropped_total", help: "Lines of attempts that found no room before the database.")()
    }

    func add(to router: inout GRPCRouter<Caller>) {
        router.bidirectional(BeamlineV1.WorkerService.connect) { requests, responses, context in
            let sink = WorkerSink(responses)
            let id = streams.insert(context.identity.identity) { ending in
                switch ending {
                case .draining: sink.reconnect(reason: "the server stops")
                case .access: sink.reconnect(reason: "the token or key has ended, or its permissions have changed")
                }
            }
            defer { streams.remove(id) }
            do {
                try await serve(requests, sink: sink, caller: context.identity)
            } catch {
                let status = Problem(error)?.grpcStatus ?? error
                logger.notice("a worker's stream ends with an error", metadata: ["error": "\(status)"])
                throw status
            }
        }
    }

    private enum Ending {
        /// The stream is over: the worker's end, or ours.
        case over
        /// A watch that found nothing wrong.
        case none
    }

    private func serve(
        _ requests: GRPCRequests<BeamlineV1.WorkerMessage>, sink: WorkerSink, caller: Caller
    ) async throws {
        let lines = TaskLogBuffer(log, dropped: droppedLines) { [engine] bytes, tenant in
            engine.takesLog(bytes, of: tenant)
        }
        try await withThrowingTaskGroup(of: Ending.self) { group in
            group.addTask {
                try await read(requests, sink: sink, lines: lines, caller: caller)
                return .over
            }
            group.addTask {
                await sink.ended()
                return .over
            }
            group.addTask {
                try await sink.reportRoom()
                return .none
            }
            group.addTask {
                await lines.run()
                return .none
            }
            group.addTask {
                try await Task.sleep(for: Self.helloTimeout)
                guard sink.isOpen else { throw Problem(400, "no_hello", "No Hello came within \(Self.helloTimeout).") }
                return .none
            }
            defer { group.cancelAll() }
            while let ending = try await group.next() {
                if case .over = ending { return }
            }
        }
    }

    /// Reads the stream to its end, which a worker that drained means for good.
    private func read(
        _ requests: GRPCRequests<BeamlineV1.WorkerMessage>, sink: WorkerSink, lines: TaskLogBuffer, caller: Caller
    ) async throws {
        var messages = requests.makeAsyncIterator()
        guard case .hello(let hello)? = try await messages.next()?.kind else {
            throw Problem(400, "no_hello", "The first message must be Hello.")
        }
        // A certificate is one worker's: it does not open another's session.
        if let certified = caller.principal.certifiedWorker, certified != hello.worker {
            throw Problem(
                403, Denial.code,
                "The certificate is the worker \(certified)'s, not \(hello.worker)'s: start it with --name \(certified)."
            )
        }
        let greeting = try WorkerHello(hello, tenant: caller.tenant)
        sink.masks.bring(greeting.held)
        let session = try await engine.connect(greeting, sink: sink)
        sink.open(
            BeamlineV1.Welcome(
                workerID: RunID(session.id.value).description, leaseMs: session.lease.wholeMicroseconds / 1000,
                protocolVersion: Self.protocolVersion, heartbeatMs: session.heartbeat.wholeMicroseconds / 1000,
                maxMessageBytes: Self.messageLimit),
            onRoom: { session.hasRoom() })
        logger.debug("worker connected", metadata: ["worker": "\(session.worker)"])
        var isDraining = false
        do {
            while let message = try await messages.next() {
                if case .draining? = message.kind { isDraining = true }
                try await take(message, session: session, sink: sink, lines: lines)
            }
        } catch {
            session.disconnected()
            await lines.finish()
            throw error
        }
        await lines.finish()
        if isDraining { try await session.close() } else { session.disconnected() }
    }

    private func take(
        _ message: BeamlineV1.WorkerMessage, session: WorkerSession, sink: WorkerSink, lines: TaskLogBuffer
    ) async throws {
        switch message.kind {
        case .started(let started): session.started(try TaskName(started.task))
        case .complete(let complete):
            try await finish(complete.task, FinishCommand.Outcome(complete), session: session, sink: sink, lines: lines)
        case .fail(let fail):
            try await finish(fail.task, FinishCommand.Outcome(fail), session: session, sink: sink, lines: lines)
        case .heartbeat(let heartbeat):
            session.heartbeat(held: Int(heartbeat.held))
            sink.acknowledgeHeartbeat(heartbeat.sequence)
        case .log(let chunk):
            session.heard()
            if let line = try await line(chunk, session: session, sink: sink), !line.text.isEmpty { lines.append(line) }
        case .inventory(let inventory):
            var held: [TaskName] = []
            for task in inventory.held { held.append(try TaskName(task)) }
            session.inventory(held)
        case .draining: session.draining()
        case .progress: session.heard()
        case .hello: throw Problem(400, "second_hello", "Hello may come once; connect again to change it.")
        case nil:
            // A message of a later version of the protocol.
            session.heard()
        }
    }

    /// Records an outcome without the secrets that the worker may have left in it.
    private func finish(
        _ reference: BeamlineV1.TaskRef?, _ outcome: FinishCommand.Outcome, session: WorkerSession, sink: WorkerSink,
        lines: TaskLogBuffer
    ) async throws {
        let task = try TaskName(reference)
        try await settleSecrets(of: task, session: session, sink: sink)
        let (clean, rest) = sink.masks.clean(outcome, of: task)
        for line in rest { lines.append(line) }
        session.finish(task, clean)
    }

    /// Finds out which secrets an attempt has that the worker brought along from another stream.
    private func settleSecrets(of task: TaskName, session: WorkerSession, sink: WorkerSink) async throws {
        guard sink.masks.mustAsk(task) else { return }
        sink.masks.note(task, secrets: try await engine.secrets(of: task, tenant: session.tenant))
    }

    /// A chunk of output under its step's place in the plan; `nil` for an attempt that does not exist.
    private func line(
        _ chunk: BeamlineV1.Log, session: WorkerSession, sink: WorkerSink
    ) async throws -> LogLine? {
        let task = try TaskName(chunk.task)
        let key = RunKey(tenant: session.tenant, run: task.run)
        guard let step = try await step(of: task, key: key, sink: sink) else { return nil }
        return sink.masks.clean(
            LogLine(
                key: key, step: step, attempt: task.attempt, sequence: chunk.sequence, stream: .init(chunk.stream),
                at: Timestamp(microseconds: chunk.unixUs), text: String(chunk.text.prefix(65_536))),
            of: task)
    }

    /// Known for what was assigned on this stream; looked up for what the worker brought along.
    private func step(of task: TaskName, key: RunKey, sink: WorkerSink) async throws -> Int32? {
        if let known = sink.step(of: task) { return known }
        guard let run = try await reader.run(key) else { return nil }
        guard let step = try await outlines.outline(run.flow).index(of: task.step) else { return nil }
        // Also of one whose end is recorded already: what was not acknowledged of its log comes again.
        sink.masks.note(task, secrets: try await engine.secrets(of: task, tenant: key.tenant))
        sink.remember(step: step, of: task)
        return step
    }
}
