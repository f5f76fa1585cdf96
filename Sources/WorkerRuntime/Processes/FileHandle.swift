private import CLinux
import Glibc

/// An open file descriptor, closed with its last use.
struct FileHandle: ~Copyable {
    let descriptor: Int32

    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Opens for reading; never waits, not even for a FIFO's writer.
    static func reading(_ path: String) throws(SystemError) -> FileHandle {
        let descriptor = unsafe clinux_open_read(path)
        guard descriptor >= 0 else { throw .last("open \(path)") }
        return FileHandle(owning: descriptor)
    }

    /// Creates or empties a file; a symbolic link is refused.
    static func creating(_ path: String) throws(SystemError) -> FileHandle {
        let descriptor = unsafe clinux_open_create(path)
        guard descriptor >= 0 else { throw .last("create \(path)") }
        return FileHandle(owning: descriptor)
    }

    /// A pipe whose ends do not reach other programs.
    static func pipe() throws(SystemError) -> Pipe {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            unsafe clinux_pipe(bytes.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        guard result == 0 else { throw .last("pipe") }
        return Pipe(read: FileHandle(owning: ends.0), write: FileHandle(owning: ends.1))
    }

    func setNonblocking() throws(SystemError) {
        guard clinux_set_nonblocking(descriptor) >= 0 else { throw .last("fcntl") }
    }

    /// What one read gave.
    enum ReadResult: Equatable {
        case bytes(Int)
        case end
        case wouldBlock
    }

    /// Appends what one read gives, at most `limit` bytes.
    func read(into buffer: inout [UInt8], limit: Int) throws(SystemError) -> ReadResult {
        let before = buffer.count
        while true {
            var count = 0
            var code: Int32 = 0
            unsafe withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) { place in
                count = unsafe Glibc.read(descriptor, place.baseAddress, limit)
                code = errno
                if count > 0 { unsafe buffer.append(contentsOf: place[0..<count]) }
            }
            if count > 0 { return .bytes(buffer.count - before) }
            if count == 0 { return .end }
            switch code {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: throw SystemError(call: "read", code: code)
            }
        }
    }

    func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let (count, code) = unsafe bytes.withUnsafeBytes { buffer in
                let count = unsafe Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                return (count, errno)
            }
            if count >= 0 {
                offset += count
            } else if code != EINTR {
                throw SystemError(call: "write", code: code)
            }
        }
    }
}

extension FileHandle {
    /// A whole file of at most `limit` bytes; `nil` when it is larger.
    static func contents(of path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        let file = try reading(path)
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            switch try file.read(into: &bytes, limit: 65536) {
            case .bytes: continue
            case .end, .wouldBlock: return bytes
            }
        }
        return nil
    }
}

/// The two ends of a pipe.
struct Pipe: ~Copyable {
    let read: FileHandle
    /// Not to be used after `closeWriting`.
    let writeDescriptor: Int32
    private var writing: FileHandle?

    init(read: consuming FileHandle, write: consuming FileHandle) {
        self.read = read
        writeDescriptor = write.descriptor
        writing = .some(consume write)
    }

    mutating func closeWriting() { writing = nil }
}
