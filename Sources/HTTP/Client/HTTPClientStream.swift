public import NIOCore

/// One exchange of a client: write the request, read the response, in any order and from any thread.
public final class HTTPClientStream: Sendable {
    /// The content of the response; its trailers stand in it after its end.
    public let body: HTTPBody
    let writer: HTTPBodyWriter

    init(body: HTTPBody, writer: HTTPBodyWriter) {
        self.body = body
        self.writer = writer
    }

    /// The head of the response. Throws ``HTTPTransportError`` when the exchange broke before it.
    public func response() async throws -> HTTPResponseHead {
        throw HTTPTransportError(.connect, "the client is not built yet")
    }

    /// Sends octets of a `.stream` body; waits while the peer does not read.
    public func write(_ bytes: ByteBuffer) async throws { try await writer.write(bytes) }

    /// Sends octets if the bounded buffer has room; never waits.
    public func offer(_ bytes: ByteBuffer) -> Bool { writer.offer(bytes) }

    /// Ends a `.stream` body.
    public func finish(trailers: HTTPFields? = nil) { writer.finish(trailers: trailers) }

    /// Ends the exchange at once.
    public func reset(_ code: HTTP2ErrorCode = .cancel) {
    }

    /// Trailers of the response, after the end of ``body``.
    public var trailers: HTTPFields? { body.trailers }
}
