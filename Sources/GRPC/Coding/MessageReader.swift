internal import HTTP
internal import NIOCore
internal import Protobuf
import Synchronization

/// Reads the messages of one direction of a call. Shared state of all iterators: a stream is read once.
final class MessageReader<Message: ProtobufMessage>: Sendable {
    private let body: HTTPBody
    private let codec: GRPCCodec
    private let deframer: Mutex<GRPCDeframer>

    init(body: HTTPBody, codec: GRPCCodec) {
        self.body = body
        self.codec = codec
        deframer = Mutex(GRPCDeframer(limit: codec.limit))
    }

    /// The next message, or `nil` at the end. Throws ``GRPCStatus`` for bytes that are no message.
    func next() async throws -> Message? {
        while true {
            if let frame = try deframer.withLock({ deframer throws(GRPCStatus) in try deframer.next() }) {
                return try codec.decode(frame, as: Message.self)
            }
            guard let piece = try await body.next() else { break }
            deframer.withLock { $0.append(piece) }
        }
        guard deframer.withLock({ $0.isBetweenMessages }) else {
            throw GRPCStatus(.internal, "The stream ends inside a message.")
        }
        return nil
    }

    /// The only message of the stream. Throws for none or a second one.
    func single() async throws -> Message {
        guard let message = try await next() else {
            throw GRPCStatus(.internal, "The call needs one message, and there is none.")
        }
        guard try await next() == nil else {
            throw GRPCStatus(.internal, "The call takes one message, and there are more.")
        }
        return message
    }
}
