internal import HTTP
public import Protobuf

/// Sends the messages of a streaming call.
public struct GRPCResponseWriter<Message: ProtobufMessage>: Sendable {
    private let writer: HTTPBodyWriter
    private let codec: GRPCCodec
    private let compresses: Bool

    init(writer: HTTPBodyWriter, codec: GRPCCodec, compresses: Bool) {
        self.writer = writer
        self.codec = codec
        self.compresses = compresses
    }

    /// Sends a message; waits while the peer does not read. Throws when the peer has gone.
    ///
    /// - Parameter compress: Whether this message is compressed; `nil` keeps to the call's rule.
    public func write(_ message: Message, compress: Bool? = nil) async throws {
        try await writer.write(codec.encode(message, compress: compress ?? compresses))
    }

    /// Sends a message if the bounded buffer has room, from any thread, without waiting. `false`: it is full or the
    /// call is over, and nothing was taken. Urgent messages may use room that the others may not (`HTTPBodyWriter`). Throws
    /// `ProtobufError` for a message that has no wire format.
    public func offer(_ message: Message, urgent: Bool = false, compress: Bool? = nil) throws -> Bool {
        writer.offer(try codec.encode(message, compress: compress ?? compresses), urgent: urgent)
    }

    /// Returns when the buffer has room again; throws when the peer has gone.
    public func waitForRoom() async throws { try await writer.waitForRoom() }

    /// Octets accepted and not yet handed to the connection.
    public var buffered: Int { writer.buffered }

    /// Whether the call is over, so that nothing more can be sent.
    public var isOver: Bool { writer.isOver }
}
