public import NIOCore

/// A request that a client sends over an ``HTTP2Connection``.
public struct HTTPClientRequest: Sendable {
    /// The content.
    public enum Body: Sendable {
        /// None.
        case none
        /// All at once.
        case bytes(ByteBuffer)
        /// Written to the stream piece by piece.
        case stream
    }

    /// The method.
    public var method: String
    /// Path and query, as they go on the wire.
    public var path: String
    /// `nil`: the connection's own.
    public var authority: String?
    /// The fields without pseudo-fields.
    public var fields: HTTPFields
    /// The content.
    public var body: Body

    /// A request.
    public init(
        method: String = "GET", path: String, authority: String? = nil, fields: HTTPFields = [:], body: Body = .none
    ) {
        self.method = method
        self.path = path
        self.authority = authority
        self.fields = fields
        self.body = body
    }
}

/// The head of a response that a client received.
public struct HTTPResponseHead: Sendable, Equatable {
    /// Status code.
    public var status: Int
    /// The fields without pseudo-fields.
    public var fields: HTTPFields

    /// A head.
    public init(status: Int, fields: HTTPFields = [:]) {
        self.status = status
        self.fields = fields
    }
}
