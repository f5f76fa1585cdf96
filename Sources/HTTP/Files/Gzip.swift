private import CZlib
import NIOCore

/// gzip (RFC 1952) of what is whole in memory.
enum Gzip {
    /// The compressed bytes, or `nil` when zlib refuses.
    static func compress(_ bytes: ByteBuffer, level: Int32 = 9) -> ByteBuffer? {
        var stream = unsafe z_stream()
        // 15 bits of window, and 16 for gzip's frame.
        let begun = unsafe deflateInit2_(
            &stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard begun == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        let bound = Int(unsafe deflateBound(&stream, UInt(bytes.readableBytes)))
        var result = ByteBufferAllocator().buffer(capacity: bound)
        var status: Int32 = Z_OK
        var input = bytes
        unsafe input.readWithUnsafeMutableReadableBytes { source in
            unsafe result.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
                unsafe stream.next_in = source.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                status = unsafe deflate(&stream, Z_FINISH)
                return Int(unsafe stream.total_out)
            }
            return source.count
        }
        return status == Z_STREAM_END ? result : nil
    }
}
