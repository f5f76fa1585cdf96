/// The life of a channel's one connection. Pure: the connection is a type parameter, time and randomness are arguments.
///
/// idle → connecting → ready → idle (when the connection has ended); connecting → resting → connecting; any → closed.
struct GRPCChannelState<Connection> {
    private enum Phase {
        case idle
        case connecting
        case ready(Connection)
        case resting(until: ContinuousClock.Instant, GRPCStatus)
        case closed
    }

    private var phase = Phase.idle
    private var failures = 0
    private let backoff: GRPCBackoff

    init(backoff: GRPCBackoff) { self.backoff = backoff }

    /// Whether an attempt is under way.
    var isConnecting: Bool {
        if case .connecting = phase { true } else { false }
    }

    /// What a call does to get a connection.
    enum Need {
        case use(Connection)
        /// The call connects, and says how it went.
        case connect
        /// Another call is connecting: wait for it and ask again.
        case wait
        /// The last attempt failed a short time ago: rest, or give up with the reason.
        case rest(until: ContinuousClock.Instant, GRPCStatus)
        case closed
    }

    mutating func need(now: ContinuousClock.Instant, isUsable: (Connection) -> Bool) -> Need {
        switch phase {
        case .idle:
            phase = .connecting
            return .connect
        case .connecting: return .wait
        case .ready(let connection):
            if isUsable(connection) { return .use(connection) }
            phase = .connecting
            return .connect
        case .resting(let until, let status):
            if now < until { return .rest(until: until, status) }
            phase = .connecting
            return .connect
        case .closed: return .closed
        }
    }

    /// Whether the new connection is kept; a channel that was closed meanwhile does not.
    mutating func connected(_ connection: Connection) -> Bool {
        guard case .connecting = phase else { return false }
        phase = .ready(connection)
        failures = 0
        return true
    }

    mutating func failed(_ status: GRPCStatus, now: ContinuousClock.Instant, random: Double) {
        guard case .connecting = phase else { return }
        failures += 1
        phase = .resting(until: now + backoff.rest(failures: failures, random: random), status)
    }

    /// The call that was connecting was cancelled; another one may try at once.
    mutating func abandoned() {
        guard case .connecting = phase else { return }
        phase = .idle
    }

    /// The connection to close.
    mutating func close() -> Connection? {
        defer { phase = .closed }
        guard case .ready(let connection) = phase else { return nil }
        return connection
    }
}

extension GRPCChannelState.Need: Sendable where Connection: Sendable {}
