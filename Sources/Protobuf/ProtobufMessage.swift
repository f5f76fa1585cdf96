private import CProtobufC

/// A protobuf message as a Swift value, over the C that protoc-c generates.
///
/// The conformances are generated (`scripts/generate-protos`), one Swift struct a message, under the name of its
/// package: `BeamlineV1.StartRunRequest`, `GRPCHealthV1.HealthCheckRequest`.
///
///     let request = BeamlineV1.StartRunRequest(workflow: "hello", input: Array("{}".utf8))
///     let bytes = try request.serialized()
///     let again = try BeamlineV1.StartRunRequest(serialized: bytes)
///
/// A string field that is not UTF-8 or has a NUL character is refused, with the field's full name.
/// To read one field of a large message without copying the others, use `withUnpacked`.
public protocol ProtobufMessage: Sendable {
    /// protoc-c's descriptor of the C struct.
    @unsafe static var descriptor: UnsafeRawPointer { get }

    /// Copies out of the C struct at `place`, which `withUnpacked` has made.
    @unsafe init(raising place: UnsafeRawPointer) throws(ProtobufError)

    /// The C struct, which lives as long as the arena.
    @unsafe func lowered(in arena: borrowing Arena) throws(ProtobufError) -> UnsafeMutableRawPointer
}

extension ProtobufMessage {
    /// The message's full name, such as `beamline.v1.Run`.
    public static var fullName: String { unsafe String(cString: Self.typedDescriptor.pointee.name) }

    private static var typedDescriptor: UnsafePointer<ProtobufCMessageDescriptor> {
        unsafe descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
    }

    /// Unpacks `bytes` and lends the C struct (`Beamline__V1__Run` for `beamline.v1.Run`). Nothing of it may be kept after `body`; `raise(text:_:)` and
    /// `raise(bytes:)` copy single fields out.
    ///
    /// Memory is bounded by a multiple of the size of the bytes, so that a hostile message cannot blow up.
    public static func withUnpacked<R>(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawPointer) throws(ProtobufError) -> R
    ) throws(ProtobufError) -> R {
        let count = bytes.count
        let arena = Arena(
            expecting: min(256 + 4 * count, 8192), limit: 2 * count + min(64 * count, 64 << 20) + (64 << 10))
        let unpacked = unsafe arena.withAllocator { allocator in
            unsafe protobuf_c_message_unpack(
                typedDescriptor, allocator, count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        guard let unpacked = unsafe unpacked else { throw .malformed(message: fullName) }
        let result = try unsafe body(UnsafeRawPointer(unpacked))
        withExtendedLifetime(arena) {}
        return result
    }

    /// The message that `bytes` hold.
    public init(serialized bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
        self = try unsafe Self.withUnpacked(bytes) { place throws(ProtobufError) in try unsafe Self(raising: place) }
    }

    /// The message that `bytes` hold.
    public init(serialized bytes: [UInt8]) throws(ProtobufError) {
        self = try unsafe bytes.withUnsafeBufferPointer { bytes throws(ProtobufError) in
            try unsafe Self(serialized: UnsafeRawBufferPointer(bytes))
        }
    }

    /// Packs into memory that `reserve` gives for the exact size, and which it then owns.
    public func pack<R>(
        _ reserve: (_ size: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) -> R
    ) throws(ProtobufError) -> R {
        let arena = Arena(expecting: 1024, limit: 0)
        let c = try unsafe lowered(in: arena)
        let base = unsafe UnsafePointer(c.assumingMemoryBound(to: ProtobufCMessage.self))
        let size = unsafe protobuf_c_message_get_packed_size(base)
        let result = unsafe reserve(size) { place in
            precondition(place.count >= size)
            if size > 0 {
                _ = unsafe protobuf_c_message_pack(base, place.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        withExtendedLifetime(arena) {}
        return result
    }

    /// The message's bytes.
    public func serialized() throws(ProtobufError) -> [UInt8] {
        try unsafe pack { size, fill in
            unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                unsafe fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size))
                count = size
            }
        }
    }
}
