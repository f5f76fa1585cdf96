import NIOCore

/// The limits of time of one connection as a value: what is due, and when to look again. Nothing is re-armed while
/// traffic flows; the timer finds on firing that it is early.
struct ConnectionDeadlines {
    enum Order: Equatable {
        case nothing
        case ping
        case closeIdle
        case closeLate(String)
    }

    /// Payload of the pings that only keep the connection.
    static let keepAlivePing: UInt64 = 0x6b65_6570

    private let header: TimeAmount
    private let idle: TimeAmount
    private let keepAlive: TimeAmount
    private let keepAliveTimeout: TimeAmount
    private var lastRead: NIODeadline
    private var pinged: NIODeadline?
    /// Set until the first octets of a connection that must speak first.
    private var opened: NIODeadline?

    init(limits: HTTPLimits, now: NIODeadline, waitsForHead: Bool) {
        header = TimeAmount(limits.headerTimeout)
        idle = TimeAmount(limits.idleTimeout)
        keepAlive = TimeAmount(limits.keepAlive)
        keepAliveTimeout = TimeAmount(limits.keepAliveTimeout)
        lastRead = now
        opened = waitsForHead ? now : nil
    }

    /// Octets came.
    mutating func received(now: NIODeadline) {
        lastRead = now
        pinged = nil
    }

    /// The first head was complete.
    mutating func gotHead() { opened = nil }

    /// When to call ``check(now:headBegan:streams:keepsAlive:)``. A head or stream that begins after this look is
    /// found at the next one, so its limit is met after one to two times its length.
    func next(now: NIODeadline, headBegan: NIODeadline?, streams: Int, keepsAlive: Bool) -> NIODeadline {
        var result = min((headBegan ?? now) + header, now + keepAlive)
        if let opened { result = min(result, opened + header) }
        if streams == 0, !keepsAlive {
            result = min(result, lastRead + idle)
        } else if let pinged {
            result = min(result, pinged + keepAliveTimeout)
        } else {
            result = min(result, lastRead + keepAlive)
        }
        // A lower bound of rest, so that an early look never becomes a busy loop.
        return max(result, now + .milliseconds(50))
    }

    mutating func check(now: NIODeadline, headBegan: NIODeadline?, streams: Int, keepsAlive: Bool) -> Order {
        if let headBegan, now >= headBegan + header { return .closeLate("a head was begun and not finished") }
        if let opened, now >= opened + header { return .closeLate("no request came") }
        if streams == 0, !keepsAlive { return now >= lastRead + idle ? .closeIdle : .nothing }
        if let pinged { return now >= pinged + keepAliveTimeout ? .closeLate("a ping was not answered") : .nothing }
        guard keepsAlive, now >= lastRead + keepAlive else { return .nothing }
        pinged = now
        return .ping
    }
}
