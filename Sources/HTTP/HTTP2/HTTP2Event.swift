/// What a session reports after it has taken octets. Data goes to the stream's body directly.
enum HTTP2Event {
    /// A request's or response's head is complete.
    case head(HTTP2Stream)
    /// The stream is gone, with the code of its end.
    case closed(HTTP2Stream, HTTP2ErrorCode)
    /// The peer will process no stream above this one.
    case goAway(lastStream: Int32, HTTP2ErrorCode, reason: String)
    /// The answer to our PING.
    case pong(UInt64)
    /// The peer's SETTINGS have come.
    case settings
    /// A frame broke a rule; nghttp2 has answered it with RST_STREAM or GOAWAY.
    case invalidFrame(stream: Int32, type: UInt8, reason: String)
    /// The peer makes us work for nothing.
    case flood(String)
}

/// Frame types of RFC 9113 §6.
enum HTTP2FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let continuation: UInt8 = 9
}
