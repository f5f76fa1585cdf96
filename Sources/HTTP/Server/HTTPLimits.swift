/// What a peer may cost. The defaults suit a public port.
public struct HTTPLimits: Sendable {
    /// Open connections; further ones are closed at once.
    public var connections = 20_000
    /// Concurrent streams of an HTTP/2 connection.
    public var concurrentStreams = 1_000
    /// Octets of a request's head, as RFC 9113 §6.5.2 counts them. Beyond: 431.
    public var headerListSize = 32 << 10
    /// Field lines of a request's head. Beyond: 431.
    public var headerCount = 100
    /// Flow-control window of a stream, octets.
    public var streamWindow = 256 << 10
    /// Octets that the unread bodies of a connection may hold together before the connection's window closes.
    public var connectionBuffer = 4 << 20
    /// CONTINUATION frames after a HEADERS frame.
    public var continuations = 8
    /// RST_STREAM frames of a peer: burst, and tokens a second. Beyond: GOAWAY ENHANCE_YOUR_CALM.
    public var resets = (burst: 500, perSecond: 100)
    /// Frames that carry no work (PING, SETTINGS, PRIORITY, empty DATA) and frame errors: burst, and tokens a second.
    public var idleFrames = (burst: 1_000, perSecond: 200)
    /// Settings in one SETTINGS frame.
    public var settings = 32
    /// Until a connection has sent its first complete head, or a head begun is complete.
    public var headerTimeout = Duration.seconds(10)
    /// Content that a handler reads whole, from when it first had to wait for it. Beyond: 408. A stream that is read piece
    /// by piece may last.
    public var bodyTimeout = Duration.seconds(30)
    /// An answer of which the peer takes nothing, by closing its window or by not reading: the stream is reset, or the
    /// connection closed.
    public var stallTimeout = Duration.seconds(120)
    /// Without any stream.
    public var idleTimeout = Duration.seconds(120)
    /// The server pings a quiet HTTP/2 connection with open streams after this time …
    public var keepAlive = Duration.seconds(30)
    /// … and gives it up when no octet came for this long after.
    public var keepAliveTimeout = Duration.seconds(20)
    /// Octets that a response stream buffers for `offer`.
    public var streamBuffer = 256 << 10

    /// The defaults.
    public init() {}
}
