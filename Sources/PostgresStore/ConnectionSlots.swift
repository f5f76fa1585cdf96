internal import DequeModule
internal import Postgres
internal import Synchronization

/// A few connections that are opened when they are first needed and replaced when they are lost. Callers wait in line.
final class ConnectionSlots: Sendable {
    private struct State {
        var idle: [PostgresConnection] = []
        /// Connections that exist or are being opened.
        var open = 0
        /// Each gets a connection, or nil: then it may open one.
        var waiting: Deque<CheckedContinuation<PostgresConnection?, Never>> = []
        var isClosed = false
    }

    private enum Turn {
        case use(PostgresConnection)
        case open
        case wait
        case refuse
    }

    private let options: PostgresConnection.Options
    private let limit: Int
    private let state = Mutex(State())

    init(_ options: PostgresConnection.Options, limit: Int) {
        self.options = options
        self.limit = max(1, limit)
    }

    func withConnection<Answer>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(PostgresError) -> Answer {
        let connection = try await take()
        do throws(PostgresError) {
            let answer = try await body(connection)
            await give(back: connection)
            return answer
        } catch {
            await give(back: connection)
            throw error
        }
    }

    /// Closes what is idle; what is in use is closed when it comes back.
    func close() async {
        let (idle, waiting) = state.withLock { state in
            state.isClosed = true
            defer {
                state.idle = []
                state.waiting = []
            }
            return (state.idle, state.waiting)
        }
        for waiter in waiting { waiter.resume(returning: nil) }
        for connection in idle { await connection.close() }
    }

    private func take() async throws(PostgresError) -> PostgresConnection {
        switch turn() {
        case .use(let connection): return connection
        case .open: return try await connect()
        case .refuse: throw PostgresError(.closed)
        case .wait: break
        }
        let given = await withCheckedContinuation { waiter in
            switch turn(waiter) {
            case .use(let connection): waiter.resume(returning: connection)
            case .open, .refuse: waiter.resume(returning: nil)
            case .wait: break
            }
        }
        if let given { return given }
        if state.withLock({ $0.isClosed }) { throw PostgresError(.closed) }
        return try await connect()
    }

    private func turn(_ waiter: CheckedContinuation<PostgresConnection?, Never>? = nil) -> Turn {
        state.withLock { state in
            if state.isClosed { return .refuse }
            while let connection = state.idle.popLast() {
                if connection.isUsable { return .use(connection) }
                state.open -= 1
            }
            if state.open < limit {
                state.open += 1
                return .open
            }
            if let waiter { state.waiting.append(waiter) }
            return .wait
        }
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            return try await PostgresConnection.connect(options)
        } catch {
            vacate()
            throw error
        }
    }

    /// A place became free: the next in line may open a connection.
    private func vacate() {
        let waiter = state.withLock { state -> CheckedContinuation<PostgresConnection?, Never>? in
            guard let waiter = state.waiting.popFirst() else {
                state.open -= 1
                return nil
            }
            return waiter
        }
        waiter?.resume(returning: nil)
    }

    private func give(back connection: PostgresConnection) async {
        guard connection.isUsable else { return vacate() }
        let (waiter, isClosed) = state.withLock { state in
            if state.isClosed { return (nil as CheckedContinuation<PostgresConnection?, Never>?, true) }
            if let waiter = state.waiting.popFirst() { return (waiter, false) }
            state.idle.append(connection)
            return (nil, false)
        }
        if isClosed { return await connection.close() }
        waiter?.resume(returning: connection)
    }
}
