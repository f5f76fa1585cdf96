public import Logging
import Protobuf
import Secrets
public import Supervision
import Synchronization
public import Telemetry

/// Runs the tasks that a server hands out, until it is told to leave.
///
/// The decisions are `WorkerSessionStateMachine`'s; this class carries them out. Its state is one value under one lock:
/// the session, what is on its way to the server, and how to stop each execution. Tasks outlive streams: a broken one
/// is replaced, for ever, and the outcomes that the server has not acknowledged are sent again.
public final class Worker: Service, LogOutlet {
    struct State {
        var machine: WorkerSessionStateMachine
        var outbox = Outbox()
        var executions: [AttemptKey: StopSignal] = [:]
        /// Wakes the writer of the present stream.
        var wake: AsyncStream<Void>.Continuation?
        var drainGrace: Duration
    }

    struct Launch: Sendable {
        var key: AttemptKey
        var execution: TaskExecution
        var executor: any TaskExecutor
    }

    public let name: String
    let configuration: WorkerConfiguration
    let source: any TaskSource
    let executors: [String: any TaskExecutor]
    let metrics: WorkerMetrics
    let logger: Logger
    let state: Mutex<State>
    let launches: AsyncStream<Launch>
    private let launch: AsyncStream<Launch>.Continuation
    /// The session's id as executions are told it.
    private let sessionText: String
    let leaving = Gate()
    let finished = Gate()

    /// - Parameter executors: one for each task type that it offers.
    public init(
        _ configuration: WorkerConfiguration, source: any TaskSource, executors: [any TaskExecutor],
        metrics registry: MetricsRegistry, logger: Logger
    ) {
        name = "worker \(configuration.name)"
        self.configuration = configuration
        self.source = source
        self.executors = Dictionary(executors.map { ($0.taskType, $0) }) { $1 }
        metrics = WorkerMetrics(registry, taskTypes: Array(self.executors.keys))
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.name)"
        self.logger = logger
        (launches, launch) = AsyncStream.makeStream(of: Launch.self)
        let identity = WorkerSessionStateMachine.Identity(
            worker: configuration.name, softwareVersion: configuration.softwareVersion,
            taskTypes: self.executors.mapValues(\.pool), pools: configuration.pools, labels: configuration.labels)
        let session = SessionID.random()
        sessionText = SessionID.text(session)
        state = Mutex(
            State(
                machine: WorkerSessionStateMachine(identity: identity, session: session),
                drainGrace: configuration.drainGrace))
        registry.register { [weak self] in self?.families() ?? [] }
    }

    /// Runs until the worker has left: after ``drain()`` or ``stopNow()``, or a `Drain` of the server.
    public func run() async throws {
        try ProcessFamily.adoptOrphans()
        await withTaskCancellationHandler {
            async let connection: Void = stayConnectedToTheEnd()
            await withDiscardingTaskGroup { group in
                group.addTask { await self.watchLeaving() }
                for await launch in launches { group.addTask { await self.execute(launch) } }
                group.cancelAll()
            }
            // The last stream ends in order, so that the server has what was said on it.
            await connection
        } onCancel: {
            stopNow()
        }
    }

    /// A supervisor's request, or the first SIGTERM: no more tasks; those that run have the drain grace.
    public func drain() async { beginDrain() }

    public var drainTimeout: Duration? { configuration.drainGrace + configuration.stopGrace + .seconds(2) }

    /// As ``drain()``, for callers that cannot wait.
    public func beginDrain() { apply { $0.drain() } }

    /// The second SIGTERM: kills what runs and leaves. The server returns it to its queues with no attempt burned.
    public func stopNow() { apply { $0.stop(.immediate) + $0.giveUp() } }

    // MARK: carrying out

    /// Asks the session, under the lock, and carries out what it orders; answers why the stream is to be broken off, if
    /// it is.
    ///
    /// - Parameter forgetting: an execution that has ended.
    @discardableResult
    func apply(
        forgetting key: AttemptKey? = nil,
        _ event: (inout WorkerSessionStateMachine) -> [WorkerSessionStateMachine.Order]
    ) -> String? {
        var work: [WorkerSessionStateMachine.Order] = []
        var executions: [AttemptKey: StopSignal] = [:]
        let isLeaving = state.withLock { state in
            if let key { state.executions[key] = nil }
            let wasUp = state.machine.isUp
            let orders = event(&state.machine)
            if state.machine.isUp != wasUp { wasUp ? state.outbox.down() : state.outbox.up() }
            for order in orders {
                switch order {
                case .send(let message): state.outbox.append(message)
                case .start(let assign):
                    if let task = assign.task {
                        let stop = StopSignal()
                        state.executions[AttemptKey(task)] = stop
                        executions[AttemptKey(task)] = stop
                    }
                    work.append(order)
                case .stop(let key, _):
                    executions[key] = state.executions[key]
                    work.append(order)
                case .disconnect, .finish: work.append(order)
                }
            }
            if !state.outbox.isEmpty { state.wake?.yield() }
            return state.machine.leaving != .no
        }
        if isLeaving { leaving.open() }
        var reasonToDisconnect: String?
        for order in work {
            switch order {
            case .send: break
            case .start(let assign):
                if let task = assign.task, let stop = executions[AttemptKey(task)] {
                    begin(assign, task, stop: stop)
                }
            case .stop(let key, let level): executions[key]?.raise(level)
            case .disconnect(let reason): reasonToDisconnect = reason
            case .finish:
                finished.open()
                launch.finish()
            }
        }
        return reasonToDisconnect
    }

    private func begin(_ assign: BeamlineV1.Assign, _ task: BeamlineV1.TaskRef, stop: StopSignal) {
        let key = AttemptKey(task)
        let mask = assign.secrets.isEmpty ? nil : SecretMask(assign.secrets)
        let execution = TaskExecution(
            assignment: assign, task: task, session: sessionText, stop: stop,
            log: TaskLog(task: task.name, outlet: self, mask: mask),
            deadline: assign.deadline(now: .now, wallClock: .now()),
            grace: assign.limits.flatMap { $0.graceMs > 0 ? .milliseconds($0.graceMs) : nil }
                ?? configuration.stopGrace,
            outlet: self, mask: mask)
        guard let executor = executors[assign.taskType] else {
            ended(
                key,
                .failure(
                    TaskFailure(
                        .invalid, code: "unknown_task_type",
                        message: "worker \(configuration.name) does not run tasks of type \"\(assign.taskType)\"",
                        retryable: false)), taskType: assign.taskType)
            return
        }
        if let immediate = executor as? any ImmediateTaskExecutor {
            ended(key, immediate.runNow(execution).masked(mask), taskType: assign.taskType)
        } else {
            launch.yield(Launch(key: key, execution: execution, executor: executor))
        }
    }

    private func execute(_ launch: Launch) async {
        let began = ContinuousClock.now
        var outcome = await launch.executor.run(launch.execution)
        if outcome.usage.duration == .zero { outcome.usage.duration = .now - began }
        launch.execution.log.finish()
        ended(launch.key, outcome.masked(launch.execution.mask), taskType: launch.executor.taskType)
    }

    private func ended(_ key: AttemptKey, _ outcome: TaskOutcome, taskType: String) {
        metrics.ended(taskType, outcome)
        apply(forgetting: key) { $0.ended(key, outcome, now: .now) }
    }

    // MARK: log and progress

    var hasRoom: Bool { state.withLock { $0.outbox.hasRoom } }

    func emit(_ chunk: BeamlineV1.Log) {
        state.withLock { state in
            state.outbox.append(chunk)
            if !state.outbox.isEmpty { state.wake?.yield() }
        }
    }

    func emit(_ progress: BeamlineV1.Progress) {
        state.withLock { state in
            state.outbox.append(progress)
            if !state.outbox.isEmpty { state.wake?.yield() }
        }
    }
}
