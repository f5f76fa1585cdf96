public import NIOCore
public import TLS

/// The version that a connection speaks.
public enum HTTPVersion: Sendable, Hashable {
    /// RFC 9112.
    case http1
    /// RFC 9113.
    case http2
}

/// What all requests of one connection share.
public final class HTTPConnectionInfo: Sendable {
    /// Number of the connection in this process, for logs.
    public let id: UInt64
    /// The peer's address as text: `127.0.0.1:5123`, `[::1]:5123`, `unix`.
    public let peer: String
    /// The version spoken.
    public let version: HTTPVersion
    /// What TLS negotiated, or `nil` in cleartext.
    public let tls: TLSSession?
    /// The loop on which the connection lives and its handlers start.
    public let eventLoop: any EventLoop

    /// Facts of a connection; public so that handlers can be tested without a socket.
    public init(id: UInt64, peer: String, version: HTTPVersion, tls: TLSSession?, eventLoop: any EventLoop) {
        self.id = id
        self.peer = peer
        self.version = version
        self.tls = tls
        self.eventLoop = eventLoop
    }
}
