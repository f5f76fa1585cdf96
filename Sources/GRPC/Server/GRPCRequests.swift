internal import HTTP
public import Protobuf

/// The messages of a caller, as they arrive. Not reading holds the caller back.
public struct GRPCRequests<Message: ProtobufMessage>: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = Message

    private let reader: MessageReader<Message>

    init(body: HTTPBody, codec: GRPCCodec) { reader = MessageReader(body: body, codec: codec) }

    /// Reads one message after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let reader: MessageReader<Message>

        /// The next message, or `nil` when the caller has sent its last. Throws ``GRPCStatus`` for bytes that are no
        /// message, and when the caller is gone.
        public mutating func next() async throws -> Message? { try await reader.next() }
    }

    /// An iterator; all iterators share the stream's one position.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }
}
