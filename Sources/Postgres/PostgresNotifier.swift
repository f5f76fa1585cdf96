internal import Logging
private import Supervision
private import Synchronization

/// Sends NOTIFY on a connection of its own, at most one statement in each interval, equal messages once.
///
/// NOTIFY takes a lock on the whole database at commit, so it has no place in transactions with data. A message is a
/// hint: while the server is away messages are merged, and the oldest are dropped above `capacity`.
public final class PostgresNotifier: Sendable {
    /// What waits to be sent, in order and without repetition.
    struct Outbox {
        struct Message: Hashable {
            var channel: String
            var payload: String
        }

        private(set) var messages: [Message] = []
        private var known: Set<Message> = []
        let capacity: Int

        init(capacity: Int) { self.capacity = capacity }

        /// Returns whether the message is new.
        mutating func add(_ message: Message) -> Bool {
            guard known.insert(message).inserted else { return false }
            if messages.count == capacity { known.remove(messages.removeFirst()) }
            messages.append(message)
            return true
        }

        mutating func takeAll() -> [Message] {
            defer {
                messages.removeAll()
                known.removeAll()
            }
            return messages
        }
    }

    private static let statement = PostgresStatement(
        "SELECT pg_notify(channel, payload) FROM unnest($1, $2) AS message (channel, payload)",
        [.textArray, .textArray])

    private let options: PostgresConnection.Options
    private let interval: Duration
    private let log: Logger
    private let outbox: Mutex<Outbox>
    private let sender = Mutex<Int32?>(nil)
    private let signal = Signal()

    public init(
        _ options: PostgresConnection.Options, interval: Duration = .milliseconds(10), capacity: Int = 10_000
    ) {
        self.options = options
        self.interval = interval
        log = Logger(label: "postgres.notifier")
        outbox = Mutex(Outbox(capacity: capacity))
    }

    /// The server process that sends, by which listeners know this notifier's messages; nil while there is none.
    public var processID: Int32? { sender.withLock { $0 } }

    /// Takes a message to be sent soon. Does not wait.
    public func notify(_ channel: String, _ payload: String = "") {
        let isNew = outbox.withLock { $0.add(Outbox.Message(channel: channel, payload: payload)) }
        if isNew { signal.raise() }
    }

    /// Sends until the task is cancelled; reconnects by itself.
    public func run() async throws {
        var connection: PostgresConnection?
        var failures = 0
        while true {
            await signal.wait()
            if Task.isCancelled { break }
            let messages = outbox.withLock { $0.takeAll() }
            do {
                let open = if let connection { connection } else { try await connect() }
                connection = open
                try await open.execute(Self.statement, messages.map(\.channel), messages.map(\.payload))
                failures = 0
                try await Task.sleep(for: interval)
            } catch let error as PostgresError where error.kind != .cancelled {
                connection = nil
                failures += 1
                // Once an outage, not once an attempt.
                log.log(level: failures == 1 ? .warning : .debug, "cannot notify: \(error)")
                outbox.withLock { outbox in
                    for message in messages { _ = outbox.add(message) }
                }
                try await Task.sleep(for: Backoff.pause(afterFailures: failures, jitter: .random(in: 0..<1)))
                signal.raise()
            }
        }
        await connection?.close()
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        let connection = try await PostgresConnection.connect(options)
        let processID = await connection.processID
        sender.withLock { $0 = processID }
        return connection
    }
}

/// Pauses between attempts to reconnect.
enum Backoff {
    /// From 50 ms, doubled at each failure up to 2 s, of which `jitter` (in 0..<1) takes up to a half away.
    static func pause(afterFailures failures: Int, jitter: Double) -> Duration {
        min(.milliseconds(50) * (1 << min(max(failures - 1, 0), 10)), .seconds(2)) * (1 - jitter / 2)
    }
}
