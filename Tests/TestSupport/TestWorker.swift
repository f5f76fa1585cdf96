public import Engine
import Synchronization
public import Workflows

/// A worker inside the test: decides each outcome by a function, resends what was not acknowledged, like a real one.
public final class TestWorker: TaskSink {
    public typealias Behaviour = @Sendable (Assignment) -> Step

    /// What the worker does with an assignment.
    public enum Step: Sendable {
        case finish(FinishCommand.Outcome)
        /// Starts it and lets the test finish it.
        case hold
        /// Starts it and loses it.
        case startAndForget
        /// Never heard of it: the frame was lost.
        case drop
    }

    private struct State {
        var session: WorkerSession?
        /// What waits for the session to be there.
        var early: [Assignment] = []
        var held: Set<TaskName> = []
        var outcomes: [TaskName: FinishCommand.Outcome] = [:]
        var assignments: [Assignment] = []
        var answers: [TaskName: [FinishAnswer]] = [:]
        var cancelled: [TaskName] = []
        var revoked: [TaskName] = []
        var reconnects = 0
        var isCut = false
        var isFull = false
        var refusals = 0
    }

    public let id: SessionID
    public let name: String
    private let behaviour: Behaviour
    private let state = Mutex(State())

    public init(_ name: String = "worker", session: UInt64, behaviour: @escaping Behaviour) {
        self.name = name
        self.behaviour = behaviour
        id = SessionID(RunID.Bytes(high: 0x5E55, low: session))
    }

    public func hello(
        tenant: TenantID, types: [String] = ["noop"], pools: [WorkerHello.Pool] = [.init(name: "cpu", slots: 4)]
    ) -> WorkerHello {
        let held = state.withLock { state in
            state.isCut = false
            return Array(state.held.union(state.outcomes.keys))
        }
        return WorkerHello(
            tenant: tenant, worker: name, session: id, taskTypes: types, pools: pools, held: held,
            capabilities: Array("{}".utf8))
    }

    /// Connects (again) and sends what was not acknowledged.
    @discardableResult
    public func connect(
        to engine: Engine, tenant: TenantID, types: [String] = ["noop"],
        pools: [WorkerHello.Pool] = [.init(name: "cpu", slots: 4)]
    ) async throws -> WorkerSession {
        let session = try await engine.connect(hello(tenant: tenant, types: types, pools: pools), sink: self)
        let (early, outcomes) = state.withLock { state in
            state.session = session
            defer { state.early = [] }
            return (state.early, state.outcomes)
        }
        for (task, outcome) in outcomes { session.finish(task, outcome) }
        for assignment in early { handle(assignment, session: session) }
        return session
    }

    /// The stream is cut: nothing arrives any more, either way.
    public func cut() {
        state.withLock { state in
            state.isCut = true
            state.session = nil
        }
    }

    public func heartbeat() {
        let (session, held) = state.withLock { ($0.session, $0.held.count) }
        session?.heartbeat(held: held)
    }

    /// Ends a held attempt.
    public func finish(_ task: TaskName, _ outcome: FinishCommand.Outcome) {
        let session = state.withLock { state in
            state.held.remove(task)
            state.outcomes[task] = outcome
            return state.session
        }
        session?.finish(task, outcome)
    }

    /// The stream takes no assignment, until it has room again.
    public func fill() { state.withLock { $0.isFull = true } }

    public func makeRoom() {
        let session = state.withLock { state in
            state.isFull = false
            return state.session
        }
        session?.hasRoom()
    }

    /// Assignments that the full stream has refused.
    public var refusals: Int { state.withLock { $0.refusals } }
    public var assignments: [Assignment] { state.withLock { $0.assignments } }
    public var held: Set<TaskName> { state.withLock { $0.held } }
    public var unacknowledged: Int { state.withLock { $0.outcomes.count } }
    public var cancelled: [TaskName] { state.withLock { $0.cancelled } }
    public var revoked: [TaskName] { state.withLock { $0.revoked } }
    public var reconnects: Int { state.withLock { $0.reconnects } }
    public var isAwaitingReconnect: Bool { state.withLock { $0.session == nil } }
    public func answers(_ task: TaskName) -> [FinishAnswer] { state.withLock { $0.answers[task] ?? [] } }

    // MARK: TaskSink

    public func offer(_ assignment: Assignment) -> Bool {
        let (isTaken, session): (Bool, WorkerSession?) = state.withLock { state in
            if state.isCut { return (true, nil) }
            if state.isFull {
                state.refusals += 1
                return (false, nil)
            }
            state.assignments.append(assignment)
            if state.session == nil { state.early.append(assignment) }
            return (true, state.session)
        }
        if let session { handle(assignment, session: session) }
        return isTaken
    }

    private func handle(_ assignment: Assignment, session: WorkerSession) {
        switch behaviour(assignment) {
        case .drop: break
        case .startAndForget: session.started(assignment.task)
        case .hold:
            state.withLock { _ = $0.held.insert(assignment.task) }
            session.started(assignment.task)
        case .finish(let outcome):
            state.withLock { $0.outcomes[assignment.task] = outcome }
            session.started(assignment.task)
            session.finish(assignment.task, outcome)
        }
    }

    public func acknowledge(_ task: TaskName, _ answer: FinishAnswer) {
        state.withLock { state in
            guard !state.isCut else { return }
            state.answers[task, default: []].append(answer)
            state.outcomes[task] = nil
        }
    }

    public func cancel(_ task: TaskName, reason: String) {
        state.withLock { state in
            guard !state.isCut else { return }
            state.cancelled.append(task)
            state.held.remove(task)
            state.outcomes[task] = nil
        }
    }

    public func revoke(_ task: TaskName) {
        state.withLock { state in
            guard !state.isCut else { return }
            state.revoked.append(task)
            state.held.remove(task)
        }
    }

    public func requestInventory() {
        let (session, held) = state.withLock { ($0.session, Array($0.held)) }
        session?.inventory(held)
    }

    public func reconnect(reason: String) {
        state.withLock { state in
            guard !state.isCut else { return }
            state.reconnects += 1
            state.session = nil
        }
    }
}
