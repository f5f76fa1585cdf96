private import Synchronization

/// One session with PostgreSQL: an actor on a thread of its own, where libpq may block.
///
/// One operation runs at a time. A connection that is lost stays lost: `PostgresPool` replaces it. Cancelling a task
/// stops its statement on the server.
public actor PostgresConnection {
    /// What a connection says unasked.
    enum Event: Sendable {
        case notification(PostgresNotification)
        /// The session is gone; nothing was in flight, or what was in flight got its own error.
        case lost
    }

    private struct OpenTransaction {
        var id: UInt64
        var isolation: PostgresIsolation
        var isBegun = false
    }

    private nonisolated let thread: PostgresThread
    private nonisolated let interrupts = PostgresInterrupts()
    private nonisolated let usable = Atomic<Bool>(false)
    private let options: Options
    private let onEvent: (@Sendable (Event) -> Void)?
    private var handle = PostgresHandle()
    private var transaction: OpenTransaction?
    private var isLossTold = false
    private var isClosedByOwner = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private init(_ options: Options, thread: PostgresThread, onEvent: (@Sendable (Event) -> Void)?) {
        self.options = options
        self.thread = thread
        self.onEvent = onEvent
    }

    deinit { thread.stop() }

    /// Connects; takes at most the conninfo's `connect_timeout` a host (10 s unless it says otherwise).
    public static func connect(_ options: Options) async throws(PostgresError) -> PostgresConnection {
        try await connect(options, onEvent: nil)
    }

    static func connect(
        _ options: Options, onEvent: (@Sendable (Event) -> Void)?
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(options, thread: try .start(), onEvent: onEvent)
        try await connection.open()
        return connection
    }

    /// Whether the session is alive as far as is known and in no transaction, so that it may be used again.
    public nonisolated var isUsable: Bool { usable.load(ordering: .acquiring) }

    /// The server process of this session.
    public var processID: Int32 { handle.processID }

    /// The server's version, as 150004 for 15.4.
    public var serverVersion: Int { handle.serverVersion }

    // MARK: Operations

    /// Runs a pipeline in one round trip and returns the result of each of its statements.
    ///
    /// - Throws: `PostgresError`, whose `statementIndex` names the statement that failed. Nothing of the pipeline has
    ///   happened then, except with the kind `unknownOutcome`, where all or nothing has.
    public nonisolated func execute(_ pipeline: PostgresPipeline) async throws(PostgresError) -> [PostgresResult] {
        try await perform(pipeline, in: nil)
    }

    /// Runs one prepared statement, which commits by itself.
    @discardableResult
    public nonisolated func execute<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ values: repeat each Value
    ) async throws(PostgresError) -> PostgresResult {
        var pipeline = PostgresPipeline(.single)
        pipeline.add(statement, repeat each values)
        return try await perform(pipeline, in: nil)[0]
    }

    /// Runs one query that is not prepared, which commits by itself.
    @discardableResult
    public nonisolated func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        var pipeline = PostgresPipeline(.single)
        pipeline.add(query)
        return try await perform(pipeline, in: nil)[0]
    }

    /// Runs a script of statements without parameters, as one transaction unless it has its own. The text is trusted.
    public nonisolated func run(script: String) async throws(PostgresError) {
        try await perform(script: script, in: nil)
    }

    /// Runs `body` in a transaction: commits if it returns, rolls back if it throws.
    ///
    /// BEGIN travels with the first statement, so the cost is one round trip a statement and one for COMMIT.
    public nonisolated func withTransaction<Answer>(
        _ isolation: PostgresIsolation = .readCommitted, _ body: (PostgresTransaction) async throws -> Answer
    ) async throws -> Answer {
        let transaction = PostgresTransaction(id: interrupts.next(), connection: self)
        try await begin(transaction.id, isolation)
        let answer: Answer
        do {
            answer = try await body(transaction)
        } catch {
            await rollBack(transaction.id)
            throw error
        }
        try await commit(transaction.id)
        return answer
    }

    /// Ends the session. Operations that come later fail with the kind `closed`.
    public func close() {
        isClosedByOwner = true
        isLossTold = true
        thread.watch(nil)
        handle.close()
        publish()
    }

    // MARK: On the thread

    nonisolated func perform(
        _ pipeline: PostgresPipeline, in transaction: UInt64?
    ) async throws(PostgresError) -> [PostgresResult] {
        let operation = interrupts.next()
        let outcome = await withTaskCancellationHandler {
            await exchange(pipeline, operation: operation, transaction: transaction)
        } onCancel: {
            if interrupts.cancel(operation) { thread.wake() }
        }
        return try outcome.get()
    }

    nonisolated func perform(script: String, in transaction: UInt64?) async throws(PostgresError) {
        let operation = interrupts.next()
        let outcome = await withTaskCancellationHandler {
            await exchange(script: script, operation: operation, transaction: transaction)
        } onCancel: {
            if interrupts.cancel(operation) { thread.wake() }
        }
        try outcome.get()
    }

    private func open() throws(PostgresError) {
        try handle.open(options)
        thread.watch(
            PostgresThread.Watch(descriptor: handle.descriptor) { [weak self] in
                self?.assumeIsolated { $0.readIdle() }
            })
        publish()
    }

    private func exchange(
        _ pipeline: PostgresPipeline, operation: UInt64, transaction id: UInt64?
    ) -> Result<[PostgresResult], PostgresError> {
        if let refusal = refusal(of: id) { return .failure(refusal) }
        interrupts.begin(operation)
        defer { finish() }
        if Task.isCancelled { return .failure(PostgresError(.cancelled)) }
        var patience = patience()
        guard let open = transaction else {
            let frame: PostgresHandle.Frame = pipeline.mode == .transaction ? .transaction : .implicit
            return handle.exchange(pipeline, frame: frame, patience: &patience)
        }
        transaction?.isBegun = true
        let begin = open.isBegun ? nil : open.isolation.begin
        return handle.exchange(pipeline, frame: .inside(begin: begin), patience: &patience)
    }

    private func exchange(
        script: String, operation: UInt64, transaction id: UInt64?
    ) -> Result<Void, PostgresError> {
        if let refusal = refusal(of: id) { return .failure(refusal) }
        interrupts.begin(operation)
        defer { finish() }
        if Task.isCancelled { return .failure(PostgresError(.cancelled)) }
        var patience = patience()
        if let open = transaction, !open.isBegun {
            transaction?.isBegun = true
            let frame = PostgresHandle.Frame.inside(begin: open.isolation.begin)
            let outcome = handle.exchange(PostgresPipeline(.single), frame: frame, patience: &patience)
            if case .failure(let error) = outcome { return .failure(error) }
        }
        let outcome = handle.run(script: script, patience: &patience)
        if case .success = outcome, transaction != nil, !handle.isInTransaction {
            return .failure(PostgresError(.misuse, reason: "the script ended its transaction"))
        }
        return outcome
    }

    private func begin(_ id: UInt64, _ isolation: PostgresIsolation) throws(PostgresError) {
        guard transaction == nil else {
            throw PostgresError(.misuse, reason: "a transaction is already open on this connection")
        }
        transaction = OpenTransaction(id: id, isolation: isolation)
    }

    // Neither COMMIT nor ROLLBACK heeds cancellation: a transaction must not stay open.
    private func commit(_ id: UInt64) throws(PostgresError) {
        guard let open = transaction, open.id == id else {
            throw PostgresError(.misuse, reason: "the transaction is over")
        }
        transaction = nil
        guard open.isBegun else { return }
        defer { finish() }
        var patience = patience()
        try handle.commit(patience: &patience).get()
    }

    private func rollBack(_ id: UInt64) {
        guard let open = transaction, open.id == id else { return }
        transaction = nil
        defer { finish() }
        var patience = patience()
        handle.rollBack(patience: &patience)
    }

    private func refusal(of id: UInt64?) -> PostgresError? {
        guard transaction?.id == id else {
            let reason = id == nil ? "a transaction is open on this connection" : "the transaction is over"
            return PostgresError(.misuse, reason: reason)
        }
        guard handle.isOpen else { return PostgresError(isClosedByOwner ? .closed : .connectionLost) }
        return nil
    }

    private func patience() -> PostgresHandle.Patience {
        PostgresHandle.Patience(
            thread: thread, interrupts: interrupts, responseLimit: options.responseLimit, deadline: nil)
    }

    private func finish() {
        interrupts.end()
        if let onEvent { handle.deliverNotifications { onEvent(.notification($0)) } }
        publish()
    }

    private func readIdle() {
        let isAlive = handle.readIdle { onEvent?(.notification($0)) }
        if !isAlive { handle.close() }
        publish()
    }

    /// Tells other threads, and once the owner, how the connection is.
    private func publish() {
        usable.store(handle.isOpen && transaction == nil && !handle.isInTransaction, ordering: .releasing)
        guard !handle.isOpen else { return }
        thread.watch(nil)
        guard !isLossTold else { return }
        isLossTold = true
        onEvent?(.lost)
    }
}
