private import CZlib
internal import NIOCore

/// gzip (RFC 1952) of whole messages, by zlib.
enum Gzip {
    /// Appends `bytes` compressed.
    static func compress(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) throws(GRPCStatus) {
        var stream = unsafe z_stream()
        guard unsafe beamline_gzip_deflate_init(&stream) == Z_OK else {
            throw GRPCStatus(.resourceExhausted, "No memory for compression.")
        }
        defer { unsafe deflateEnd(&stream) }
        unsafe stream.next_in = beamline_zlib_input(bytes.baseAddress)
        unsafe stream.avail_in = UInt32(bytes.count)
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        var status = Z_OK
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { place in
            unsafe stream.next_out = place.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.avail_out = UInt32(place.count)
            status = unsafe deflate(&stream, Z_FINISH)
            return unsafe Int(stream.total_out)
        }
        guard status == Z_STREAM_END else { throw GRPCStatus(.internal, "zlib could not compress: \(status).") }
    }

    /// The bytes that `compressed` holds. Throws RESOURCE_EXHAUSTED beyond the limit, so a small message cannot blow
    /// up, and INTERNAL for bytes that are not one complete gzip member.
    static func inflate(_ compressed: ByteBuffer, limit: Int) throws(GRPCStatus) -> ByteBuffer {
        var stream = unsafe z_stream()
        guard unsafe beamline_gzip_inflate_init(&stream) == Z_OK else {
            throw GRPCStatus(.resourceExhausted, "No memory for decompression.")
        }
        defer { unsafe inflateEnd(&stream) }
        var result = ByteBuffer()
        var status = Z_OK
        unsafe compressed.withUnsafeReadableBytes { bytes in
            unsafe stream.next_in = beamline_zlib_input(bytes.baseAddress)
            unsafe stream.avail_in = UInt32(bytes.count)
            while status == Z_OK, result.readableBytes <= limit {
                let room = min(max(4096, 4 * compressed.readableBytes, result.readableBytes), limit + 1)
                unsafe result.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { place in
                    unsafe stream.next_out = place.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    let before = place.count
                    unsafe stream.avail_out = UInt32(before)
                    status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                    return unsafe before - Int(stream.avail_out)
                }
            }
        }
        guard result.readableBytes <= limit else { throw .messageTooLarge(result.readableBytes, limit: limit) }
        guard status == Z_STREAM_END, unsafe stream.avail_in == 0 else {
            throw GRPCStatus(.internal, "A compressed message is not gzip, or is cut off.")
        }
        return result
    }
}
