public import Logging
import Synchronization
import Telemetry

/// Runs children, restarts those that fail by its strategy, and fails itself when they fail too often.
///
/// Every child is a child task of ``run()``: nothing outlives it. ``stop()`` ends the children in two phases, from the
/// last started to the first: drain, then cancel at the child's deadline. Cancelling the task of ``run()`` cancels all
/// of them at once. At the root of the tree the thrown error ends the process with a non-zero status.
public final class Supervisor: Sendable {
    public let name: String
    private let children: [ChildSpec]
    private let strategy: Strategy
    private let intensity: RestartIntensity
    private let backOff: BackOff
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var machine: SupervisorStateMachine
        var run: Run?
        var stopRequested = false
        var began: WallTime?
    }

    /// What lives as long as one call of `run()`.
    private struct Run {
        let began: ContinuousClock.Instant
        let events: AsyncStream<Event>.Continuation

        var now: Duration { .now - began }
    }

    private enum Event: Sendable {
        case exited(Int, generation: Int, SupervisorStateMachine.Exit)
        case backOffElapsed(Int, generation: Int)
        case deadlinePassed(Int, generation: Int)
        case stop
    }

    public init(
        _ name: String, strategy: Strategy = .oneForOne,
        intensity: RestartIntensity = RestartIntensity(restarts: 10, within: .seconds(60)),
        backOff: BackOff = BackOff(), logger: Logger, children: [ChildSpec]
    ) {
        precondition(Set(children.map(\.name)).count == children.count, "children of \(name) need different names")
        self.name = name
        self.strategy = strategy
        self.intensity = intensity
        self.backOff = backOff
        self.children = children
        var logger = logger
        logger[metadataKey: "supervisor"] = "\(name)"
        self.logger = logger
        state = Mutex(
            State(machine: Self.machine(children, strategy: strategy, intensity: intensity, backOff: backOff)))
    }

    private static func machine(
        _ children: [ChildSpec], strategy: Strategy, intensity: RestartIntensity, backOff: BackOff
    ) -> SupervisorStateMachine {
        SupervisorStateMachine(
            rules: children.map { .init(restart: $0.restart, shutdown: $0.shutdown) }, strategy: strategy,
            intensity: intensity, backOff: backOff)
    }

    /// Runs until ``stop()`` has ended every child.
    ///
    /// - Throws: `SupervisorError.intensityExceeded`, or `CancellationError` when its task is cancelled.
    public func run() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let run = Run(began: .now, events: continuation)
        let stopped = state.withLock { state in
            precondition(state.run == nil, "supervisor \(name) runs once at a time")
            guard !state.stopRequested else {
                state.stopRequested = false
                return true
            }
            state.run = run
            state.began = .now()
            state.machine = Self.machine(children, strategy: strategy, intensity: intensity, backOff: backOff)
            return false
        }
        if stopped { return }
        defer {
            continuation.finish()
            state.withLock {
                $0.run = nil
                $0.stopRequested = false
            }
        }

        let outcome = await withDiscardingTaskGroup(returning: SupervisorStateMachine.Outcome?.self) { group in
            let signals = children.map { _ in CancelSignal() }
            var outcome = perform(
                state.withLock { $0.machine.start(now: run.now) }, run: run, signals: signals, group: &group)
            if outcome == nil {
                for await event in events {
                    outcome = perform(decide(event, run: run), run: run, signals: signals, group: &group)
                    if outcome != nil { break }
                }
            }
            group.cancelAll()
            return outcome
        }
        switch outcome {
        case .stopped: return
        case .gaveUp(let child, let lastError):
            throw SupervisorError.intensityExceeded(
                supervisor: name, child: children[child].name, lastError: lastError)
        case nil: throw CancellationError()
        }
    }

    /// Begins a graceful stop; ``run()`` returns when it is done. May be called from anywhere, more than once.
    public func stop() {
        state.withLock { state in
            guard let run = state.run else {
                state.stopRequested = true
                return
            }
            run.events.yield(.stop)
        }
    }

    /// The live tree from here down.
    public func snapshot() -> SupervisedNode {
        let (machine, began, runs) = state.withLock { ($0.machine, $0.began, $0.run != nil) }
        let nodes = zip(children, machine.children).map { spec, child in
            var node =
                spec.snapshot?()
                ?? SupervisedNode(name: spec.name, kind: .service, state: "", restarts: 0)
            node.state = child.state.name
            node.restarts = child.restarts
            node.lastError = child.lastError
            node.since = began.map {
                WallTime(microseconds: $0.microseconds + child.since.microseconds)
            }
            return node
        }
        return SupervisedNode(
            name: name, kind: .supervisor, strategy: strategy,
            state: !runs ? "stopped" : machine.isStopping ? "draining" : "running", restarts: 0, since: began,
            children: nodes)
    }

    private func decide(_ event: Event, run: Run) -> [SupervisorStateMachine.Order] {
        if case .exited(let index, _, .failed(let error)) = event {
            let (restarts, isStopping) = state.withLock { state in
                (state.machine.children[index].restarts, state.machine.isStopping)
            }
            // A child that was told to stop ends by the cancellation of its task.
            logger.log(
                level: isStopping ? .debug : .error,
                "child failed",
                metadata: ["child": "\(children[index].name)", "error": "\(error)", "restarts": "\(restarts)"])
        }
        let random = Double.random(in: 0..<1)
        return state.withLock { state in
            switch event {
            case .exited(let index, let generation, let exit):
                state.machine.exited(index, generation: generation, exit, now: run.now, random: random)
            case .backOffElapsed(let index, let generation):
                state.machine.backOffElapsed(index, generation: generation, now: run.now)
            case .deadlinePassed(let index, let generation):
                state.machine.deadlinePassed(index, generation: generation, now: run.now)
            case .stop:
                state.machine.stop(now: run.now)
            }
        }
    }

    private func perform(
        _ orders: [SupervisorStateMachine.Order], run: Run, signals: [CancelSignal], group: inout DiscardingTaskGroup
    ) -> SupervisorStateMachine.Outcome? {
        for order in orders {
            switch order {
            case .start(let index, let generation):
                let spec = children[index]
                let cancelled = signals[index].renew()
                group.addTask {
                    let exit = await Self.run(spec, until: cancelled)
                    run.events.yield(.exited(index, generation: generation, exit))
                }
            case .drain(let index):
                let spec = children[index]
                group.addTask { await spec.drain() }
            case .cancel(let index):
                signals[index].fire()
            case .watchDeadline(let index, let generation, let after):
                group.addTask {
                    // Cancelled when the supervisor is done: then nobody waits for the deadline.
                    guard (try? await Task.sleep(for: after)) != nil else { return }
                    run.events.yield(.deadlinePassed(index, generation: generation))
                }
            case .backOff(let index, let generation, let after):
                group.addTask {
                    guard (try? await Task.sleep(for: after)) != nil else { return }
                    run.events.yield(.backOffElapsed(index, generation: generation))
                }
            case .finish(let outcome):
                return outcome
            }
        }
        return nil
    }

    /// One life of a child, cancelled when the signal fires.
    private static func run(_ spec: ChildSpec, until cancelled: AsyncStream<Never>) async -> SupervisorStateMachine.Exit
    {
        await withTaskGroup(of: SupervisorStateMachine.Exit?.self) { group in
            group.addTask {
                do {
                    try await spec.run()
                    return .returned
                } catch {
                    return .failed(String(String(describing: error).prefix(500)))
                }
            }
            group.addTask {
                for await _ in cancelled {}
                return nil
            }
            var exit: SupervisorStateMachine.Exit?
            for await result in group {
                group.cancelAll()
                if let result { exit = result }
            }
            return exit ?? .returned
        }
    }
}

/// Cancels one child of a group; a task group can only cancel all of them.
private final class CancelSignal: Sendable {
    private let continuation = Mutex<AsyncStream<Never>.Continuation?>(nil)

    /// A stream that ends when the signal fires next.
    func renew() -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        self.continuation.withLock { $0 = continuation }
        return stream
    }

    func fire() { continuation.withLock { $0?.finish() } }
}

extension SupervisorStateMachine.ChildState {
    fileprivate var name: String {
        switch self {
        case .waiting: "waiting"
        case .running: "running"
        case .backingOff: "backing_off"
        case .draining: "draining"
        case .cancelling: "cancelling"
        case .ended: "ended"
        case .stopped: "stopped"
        }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
