public import NIOCore
public import TLS

/// One request, of HTTP/1.1 or HTTP/2 alike. It reaches its handler when its head is complete; the body follows.
public struct HTTPRequest: Sendable {
    /// The method as sent: `GET`.
    public var method: String
    /// `http` or `https`.
    public var scheme: String
    /// Host and port that the caller asked for; empty where HTTP/1.0 leaves it out.
    public var authority: String
    /// The path as sent, percent-encoding untouched, without the query.
    public var path: String
    /// The raw query after `?`, or `nil` where there was no `?`.
    public var query: String?
    /// The fields without pseudo-fields.
    public var fields: HTTPFields
    /// The body; ``HTTPBody/empty`` when there is none.
    public let body: HTTPBody
    /// What the connection's requests share.
    public let connection: HTTPConnectionInfo

    /// A request; public so that handlers can be tested without a socket.
    public init(
        method: String, scheme: String, authority: String, path: String, query: String?, fields: HTTPFields,
        body: HTTPBody, connection: HTTPConnectionInfo
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.connection = connection
    }

    /// The peer's address as text.
    public var peer: String { connection.peer }
    /// The version spoken.
    public var version: HTTPVersion { connection.version }
    /// Whether the request came over TLS.
    public var isTLS: Bool { connection.tls != nil }
    /// What TLS negotiated.
    public var tls: TLSSession? { connection.tls }
    /// The loop on which the handler was started.
    public var eventLoop: any EventLoop { connection.eventLoop }
}
