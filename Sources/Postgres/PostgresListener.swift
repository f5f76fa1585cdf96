internal import Logging
private import Synchronization

/// Listens to channels on a connection of its own and comes back by itself when that connection is lost.
///
/// The session is tested: at each interval it sends a notification to itself, and one that does not arrive in time
/// ends the session. `run()` must be running. Polling remains the correctness path of whoever listens.
public final class PostgresListener: Sendable {
    private struct State {
        var buffer: Buffer
        var reader: CheckedContinuation<Event?, Never>?
        var isOver = false
        /// Whether the last test of the session has come back.
        var isTestAnswered = true
        /// The process of the session that listens now.
        var processID: Int32?
    }

    private let options: PostgresConnection.Options
    private let channels: [String]
    private let testInterval: Duration
    private let listenToTests: Bool
    private let testChannel = "beamline_test_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    private let log: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - testInterval: how often the session is tested, and how long a test may take.
    ///   - capacity: how many notifications a slow reader may leave before they become one `mayHaveMissed`.
    public convenience init(
        _ options: PostgresConnection.Options, channels: [String], testInterval: Duration = .seconds(15),
        capacity: Int = 1024
    ) {
        self.init(
            options, channels: channels, testInterval: testInterval, capacity: capacity, listenToTests: true)
    }

    /// - Parameter listenToTests: false makes a session that hears no test, as one behind a pooler would.
    init(
        _ options: PostgresConnection.Options, channels: [String], testInterval: Duration, capacity: Int = 1024,
        listenToTests: Bool
    ) {
        self.listenToTests = listenToTests
        self.options = options
        self.channels = channels
        self.testInterval = testInterval
        log = Logger(label: "postgres.listener")
        state = Mutex(State(buffer: Buffer(capacity: capacity)))
    }

    /// The events, for one reader. The first is `mayHaveMissed`, once the session listens.
    public var events: Events { Events(listener: self) }

    /// The server process of the session that listens; nil while there is none.
    public var processID: Int32? { state.withLock { $0.processID } }

    /// Listens until the task is cancelled.
    public func run() async throws {
        defer { finish() }
        var failures = 0
        while !Task.isCancelled {
            do {
                try await listen { failures = 0 }
            } catch let error as PostgresError where error.kind != .cancelled {
                failures += 1
                // Once an outage, not once an attempt.
                log.log(level: failures == 1 ? .warning : .debug, "the listening session was lost: \(error)")
            }
            state.withLock { $0.processID = nil }
            try await Task.sleep(for: Backoff.pause(afterFailures: failures, jitter: .random(in: 0..<1)))
        }
    }

    /// One session, from its start to its loss.
    private func listen(_ started: () -> Void) async throws {
        let (signals, signal) = AsyncStream.makeStream(of: Signal.self)
        let connection = try await PostgresConnection.connect(options) { [weak self, testChannel] event in
            switch event {
            case .lost: signal.yield(.lost)
            case .notification(let notification) where notification.channel == testChannel: signal.yield(.testPassed)
            case .notification(let notification): self?.deliver(.notification(notification))
            }
        }
        var pipeline = PostgresPipeline(.single)
        for channel in channels + (listenToTests ? [testChannel] : []) { pipeline.add("LISTEN \(identifier: channel)") }
        _ = try await connection.execute(pipeline)
        let processID = await connection.processID
        state.withLock { $0.processID = processID }
        started()
        deliver(.mayHaveMissed)
        do {
            try await test(connection, signals)
        } catch {
            await connection.close()
            throw error
        }
    }

    private enum Signal: Sendable {
        case testPassed
        case lost
    }

    /// Sends a notification to this session at each interval and expects it back before the next.
    private func test(_ connection: PostgresConnection, _ signals: AsyncStream<Signal>) async throws {
        state.withLock { $0.isTestAnswered = true }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in try await sendTests(connection) }
            group.addTask { [self] in
                for await signal in signals {
                    switch signal {
                    case .testPassed: state.withLock { $0.isTestAnswered = true }
                    case .lost: throw PostgresError(.connectionLost)
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func sendTests(_ connection: PostgresConnection) async throws {
        while true {
            try await Task.sleep(for: testInterval)
            let isAnswered = state.withLock { state in
                defer { state.isTestAnswered = false }
                return state.isTestAnswered
            }
            guard isAnswered else {
                throw PostgresError(.connectionLost, reason: "the session does not get notifications")
            }
            try await connection.query("SELECT pg_notify(\(testChannel), '')")
        }
    }

    // MARK: Delivery

    private func deliver(_ event: Event) {
        let delivery = state.withLock { state -> (CheckedContinuation<Event?, Never>, Event)? in
            state.buffer.add(event)
            guard let reader = state.reader, let next = state.buffer.next() else { return nil }
            state.reader = nil
            return (reader, next)
        }
        if let (reader, event) = delivery { reader.resume(returning: event) }
    }

    private func finish() {
        let reader = state.withLock { state in
            state.isOver = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    fileprivate func next() async -> Event? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Event?? in
                    if Task.isCancelled { return .some(nil) }
                    if let event = state.buffer.next() { return event }
                    if state.isOver { return .some(nil) }
                    precondition(state.reader == nil, "a listener has one reader")
                    state.reader = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: nil)
        }
    }

    /// The events of a listener. Ends when the listener or the reader's task ends.
    public struct Events: AsyncSequence, Sendable {
        fileprivate let listener: PostgresListener

        public struct AsyncIterator: AsyncIteratorProtocol {
            fileprivate let listener: PostgresListener

            public mutating func next() async -> Event? { await listener.next() }
        }

        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(listener: listener) }
    }
}
