internal import NIOCore
internal import Protobuf

/// One message as it stands in a stream: a flag, and the bytes behind the length prefix.
struct GRPCFrame: Equatable {
    var compressed: Bool
    var message: ByteBuffer

    /// Octets of the flag and the length.
    static let prefix = 5
}

/// Cuts a stream of bytes into length-prefixed messages. Pure; memory is bounded by the message limit and one piece.
struct GRPCDeframer {
    private var buffer = ByteBuffer()
    private let limit: Int

    /// - Parameter limit: Largest message in octets, as it stands on the wire.
    init(limit: Int) { self.limit = limit }

    /// Adds bytes that have arrived.
    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole message, or `nil` until more bytes arrive. Throws RESOURCE_EXHAUSTED as soon as a length beyond
    /// the limit is read, INTERNAL for a flag that is neither 0 nor 1.
    mutating func next() throws(GRPCStatus) -> GRPCFrame? {
        guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
            let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self)
        else { return nil }
        guard flag <= 1 else { throw GRPCStatus(.internal, "A message begins with the invalid flag \(flag).") }
        guard length <= limit else { throw .messageTooLarge(Int(length), limit: limit) }
        guard buffer.readableBytes >= GRPCFrame.prefix + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: GRPCFrame.prefix)
        guard let message = buffer.readSlice(length: Int(length)) else { return nil }
        return GRPCFrame(compressed: flag == 1, message: message)
    }

    /// Whether the stream may end here: nothing is begun.
    var isBetweenMessages: Bool { buffer.readableBytes == 0 }
}

/// Turns messages into frames and back, with the compression of one direction of one call.
struct GRPCCodec: Sendable {
    /// Encoding of compressed messages.
    var compression: GRPCCompression
    /// Largest message in octets, before compression.
    var limit: Int

    /// The message with its length prefix, in one buffer.
    func encode(_ message: some ProtobufMessage, compress: Bool) throws -> ByteBuffer {
        guard compress, compression == .gzip else {
            return try unsafe message.pack { size, fill in
                var buffer = ByteBufferAllocator().buffer(capacity: GRPCFrame.prefix + size)
                buffer.writeInteger(0 as UInt8)
                buffer.writeInteger(UInt32(size))
                unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { place in
                    unsafe fill(UnsafeMutableRawBufferPointer(rebasing: place[..<size]))
                    return size
                }
                return buffer
            }
        }
        let packed = try message.serialized()
        var buffer = ByteBuffer()
        buffer.writeInteger(1 as UInt8)
        buffer.writeInteger(0 as UInt32)
        try unsafe packed.withUnsafeBytes { try unsafe Gzip.compress($0, into: &buffer) }
        buffer.setInteger(UInt32(buffer.readableBytes - GRPCFrame.prefix), at: buffer.readerIndex + 1)
        return buffer
    }

    /// The message of a frame. Throws INVALID_ARGUMENT for bytes that are not the message, RESOURCE_EXHAUSTED where
    /// it inflates beyond the limit, INTERNAL for a compressed frame of a call without compression.
    func decode<Message: ProtobufMessage>(_ frame: GRPCFrame, as _: Message.Type) throws(GRPCStatus) -> Message {
        var bytes = frame.message
        if frame.compressed {
            guard compression == .gzip else {
                throw GRPCStatus(.internal, "A message is marked as compressed, but the call names no grpc-encoding.")
            }
            bytes = try Gzip.inflate(bytes, limit: limit)
        }
        do throws(ProtobufError) {
            return try Self.message(bytes)
        } catch {
            throw GRPCStatus(malformed: error)
        }
    }

    private static func message<Message: ProtobufMessage>(_ bytes: ByteBuffer) throws(ProtobufError) -> Message {
        var result: Result<Message, ProtobufError> = .failure(.malformed(message: Message.fullName))
        unsafe bytes.withUnsafeReadableBytes { bytes in
            do throws(ProtobufError) {
                result = .success(try unsafe Message(serialized: bytes))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }
}
