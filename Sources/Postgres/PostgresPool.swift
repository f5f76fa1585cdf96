private import Synchronization

/// A bounded set of connections that are lent to one caller at a time, first come, first served.
///
/// `run()` makes and replaces the connections and must be running; the decisions are in
/// `PostgresPool+StateMachine.swift`. A connection that breaks fails what was in flight on it and is replaced, with
/// jittered pauses for as long as the server cannot be reached.
public final class PostgresPool: Sendable {
    private typealias Answer = Result<Lent, PostgresError>

    private struct Lent: Sendable {
        var id: StateMachine.ConnectionID
        var connection: PostgresConnection
    }

    private enum Order: Sendable {
        case connect(StateMachine.ConnectionID)
        case close(PostgresConnection)
        case tick(at: ContinuousClock.Instant)
    }

    private struct State {
        var machine: StateMachine
        var connections: [StateMachine.ConnectionID: PostgresConnection] = [:]
        var waiters: [StateMachine.WaiterID: CheckedContinuation<Answer, Never>] = [:]
        var lastWaiter: StateMachine.WaiterID = 0
        var lastFailure: PostgresError?
    }

    /// Answers to give once the lock is released.
    private typealias Answers = [(CheckedContinuation<Answer, Never>, Answer)]

    private let connectionOptions: PostgresConnection.Options
    private let options: Options
    private let state: Mutex<State>
    private let orders: AsyncStream<Order>
    private let send: AsyncStream<Order>.Continuation

    /// - Parameter connection: the session of each connection; a `statement_timeout` among its settings bounds every
    ///   statement of the pool.
    public init(_ connection: PostgresConnection.Options, _ options: Options = Options()) {
        connectionOptions = connection
        self.options = options
        state = Mutex(State(machine: StateMachine(options)))
        (orders, send) = AsyncStream.makeStream()
    }

    /// Keeps the pool until the task is cancelled; then refuses waiters and closes the connections.
    public func run() async {
        carryOut { $0.start(at: .now) }
        await withDiscardingTaskGroup { group in
            for await order in orders {
                group.addTask { [self] in await carryOut(order) }
            }
            close()
        }
        for connection in state.withLock({ Array($0.connections.values) }) where connection.isUsable {
            await connection.close()
        }
    }

    /// How the pool is used now.
    public var statistics: Statistics { state.withLock { $0.machine.statistics } }

    /// Why the last attempt to connect failed; nil after a success.
    public var lastFailure: PostgresError? { state.withLock { $0.lastFailure } }

    /// Lends a connection to `body`.
    ///
    /// - Parameter waitLimit: how long to wait for one; nil means the pool's own limit.
    /// - Throws: `PostgresError` of kind `poolTimeout`, `cancelled` or `closed` if none was lent, else what `body`
    ///   throws.
    public func withConnection<Answer>(
        waitLimit: Duration? = nil, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        let lent = try await lease(waitLimit ?? options.waitLimit)
        defer { release(lent) }
        return try await body(lent.connection)
    }

    /// Runs a pipeline on any connection.
    public func execute(
        _ pipeline: PostgresPipeline, waitLimit: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        let lent = try await lease(waitLimit ?? options.waitLimit)
        defer { release(lent) }
        return try await lent.connection.execute(pipeline)
    }

    /// Runs one prepared statement, which commits by itself, on any connection.
    @discardableResult
    public func execute<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ values: repeat each Value
    ) async throws(PostgresError) -> PostgresResult {
        let lent = try await lease(options.waitLimit)
        defer { release(lent) }
        return try await lent.connection.execute(statement, repeat each values)
    }

    /// Runs one query, which commits by itself, on any connection.
    @discardableResult
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        let lent = try await lease(options.waitLimit)
        defer { release(lent) }
        return try await lent.connection.query(query)
    }

    /// Runs `body` in a transaction on any connection; see `PostgresConnection.withTransaction`.
    public func withTransaction<Answer>(
        _ isolation: PostgresIsolation = .readCommitted, _ body: (PostgresTransaction) async throws -> Answer
    ) async throws -> Answer {
        try await withConnection { try await $0.withTransaction(isolation, body) }
    }

    // MARK: Lending

    private func lease(_ limit: Duration) async throws(PostgresError) -> Lent {
        let now = ContinuousClock.now
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let answer: Answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                lease(waiter, deadline: now + limit, at: now, continuation)
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.machine.cancel(waiter) ? state.waiters.removeValue(forKey: waiter) : nil
            }
            continuation?.resume(returning: .failure(PostgresError(.cancelled)))
        }
        return try answer.get()
    }

    private func lease(
        _ waiter: StateMachine.WaiterID, deadline: ContinuousClock.Instant, at now: ContinuousClock.Instant,
        _ continuation: CheckedContinuation<Answer, Never>
    ) {
        var answer: Answer?
        let answers = state.withLock { state -> Answers in
            // The handler of a cancellation that came before found nobody in line.
            guard !Task.isCancelled else {
                answer = .failure(PostgresError(.cancelled))
                return []
            }
            switch state.machine.lease(waiter, deadline: deadline, at: now) {
            case .granted(let id):
                answer = Self.lend(id, state)
                return []
            case .closed:
                answer = .failure(PostgresError(.closed))
                return []
            case .waits(let orders):
                state.waiters[waiter] = continuation
                return apply(orders, &state)
            }
        }
        if let answer { continuation.resume(returning: answer) }
        resume(answers)
    }

    private static func lend(_ id: StateMachine.ConnectionID, _ state: State) -> Answer {
        guard let connection = state.connections[id] else { return .failure(PostgresError(.closed)) }
        return .success(Lent(id: id, connection: connection))
    }

    private func release(_ lent: Lent) {
        let isUsable = lent.connection.isUsable
        carryOut { $0.released(lent.id, isUsable: isUsable, at: .now) }
    }

    // MARK: Orders

    private func carryOut(_ decide: (inout StateMachine) -> StateMachine.Orders) {
        let answers = state.withLock { state in
            let orders = decide(&state.machine)
            return orders.isEmpty ? [] : apply(orders, &state)
        }
        resume(answers)
    }

    private func apply(_ orders: StateMachine.Orders, _ state: inout State) -> Answers {
        var answers: Answers = []
        for grant in orders.grants {
            guard let continuation = state.waiters.removeValue(forKey: grant.waiter) else { continue }
            answers.append((continuation, Self.lend(grant.connection, state)))
        }
        for waiter in orders.expired {
            guard let continuation = state.waiters.removeValue(forKey: waiter) else { continue }
            answers.append(
                (continuation, .failure(PostgresError(.poolTimeout, reason: state.lastFailure?.description))))
        }
        for waiter in orders.refused {
            guard let continuation = state.waiters.removeValue(forKey: waiter) else { continue }
            answers.append((continuation, .failure(PostgresError(.closed))))
        }
        for id in orders.connect { send.yield(.connect(id)) }
        for id in orders.close {
            if let connection = state.connections.removeValue(forKey: id) { send.yield(.close(connection)) }
        }
        if let time = orders.wakeAt { send.yield(.tick(at: time)) }
        return answers
    }

    private func resume(_ answers: Answers) {
        for (continuation, answer) in answers { continuation.resume(returning: answer) }
    }

    private func carryOut(_ order: Order) async {
        switch order {
        case .connect(let id): await connect(id)
        case .close(let connection): await connection.close()
        case .tick(let time):
            // Cancelled only together with the whole pool, which then answers everybody.
            guard (try? await Task.sleep(until: time, clock: .continuous)) != nil else { return }
            carryOut { $0.tick(at: .now) }
        }
    }

    private func connect(_ id: StateMachine.ConnectionID) async {
        do throws(PostgresError) {
            let connection = try await PostgresConnection.connect(connectionOptions) { [weak self] event in
                switch event {
                case .lost: self?.carryOut { $0.lost(id) }
                case .notification: break
                }
            }
            carryOut(connection, as: id)
        } catch {
            let jitter = Double.random(in: 0..<1)
            state.withLock { $0.lastFailure = error }
            carryOut { $0.connectFailed(id, jitter: jitter, at: .now) }
        }
    }

    private func carryOut(_ connection: PostgresConnection, as id: StateMachine.ConnectionID) {
        let answers = state.withLock { state in
            state.lastFailure = nil
            state.connections[id] = connection
            return apply(state.machine.connected(id, at: .now), &state)
        }
        resume(answers)
        // Its end may have been told before it was known here.
        if !connection.isUsable { carryOut { $0.lost(id) } }
    }

    private func close() {
        send.finish()
        carryOut { $0.close() }
    }
}
