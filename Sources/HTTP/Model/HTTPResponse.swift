public import NIOCore

/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// The content of a response.
    public enum Body: Sendable {
        /// None: `content-length: 0`, or the head alone ends the stream.
        case none
        /// All at once; the server adds `content-length`.
        case bytes(ByteBuffer)
        /// Written piece by piece in the handler's own task. What the closure returns are the trailers. Throwing
        /// resets the stream.
        case stream(@Sendable (HTTPBodyWriter) async throws -> HTTPFields?)
    }

    /// Status code, 200 to 599.
    public var status: Int
    /// The fields; `content-length` and `date` are added where they lack.
    public var fields: HTTPFields
    /// The content.
    public var body: Body
    /// Trailers after `.none` or `.bytes`. In HTTP/1.1 they are sent only with `.stream`.
    public var trailers: HTTPFields?

    /// A response.
    public init(status: Int, fields: HTTPFields = [:], body: Body = .none, trailers: HTTPFields? = nil) {
        self.status = status
        self.fields = fields
        self.body = body
        self.trailers = trailers
    }

    /// A response whose content is text of the given type.
    public static func text(
        _ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(status: status, fields: ["content-type": type], body: .bytes(ByteBuffer(string: text)))
    }
}

/// Answers a request. It is started on the connection's loop and owned by its stream: a reset or a closed connection
/// cancels its task. An ``HTTPError`` that it throws becomes `application/problem+json`, any other error a 500.
public typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// Answers a request at once, on the connection's loop, where no waiting is needed; `nil` leaves it to the
/// ``HTTPHandler``, which must answer alike. It must not block, and its content is there (no ``HTTPResponse/Body/stream``).
/// A request without content over HTTP/2 is offered to it first: such an answer costs no task.
public typealias HTTPImmediateHandler = @Sendable (HTTPRequest) -> HTTPResponse?
