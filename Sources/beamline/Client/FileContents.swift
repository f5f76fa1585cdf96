import Glibc

/// Small files, whole.
enum FileContents {
    struct Failure: Error, CustomStringConvertible {
        var path: String
        var number: Int32
        var tooLarge = false

        var isMissing: Bool { number == ENOENT || number == ENOTDIR }
        var description: String {
            tooLarge ? "\(path): too large" : "\(path): \(unsafe String(cString: strerror(number)))"
        }
    }

    /// Reads a file of at most `limit` bytes; `-` is standard input.
    static func read(_ path: String, limit: Int = 8 << 20) throws(Failure) -> [UInt8] {
        let descriptor = unsafe path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, number: errno) }
        defer { if path != "-" { close(descriptor) } }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress!, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(path: path, number: errno)
            }
            if count == 0 { return contents }
            contents += chunk[..<count]
            guard contents.count <= limit else { throw Failure(path: path, number: EFBIG, tooLarge: true) }
        }
    }

    /// Writes a file anew, through a temporary one beside it, so that no reader sees half of it.
    static func write(_ contents: [UInt8], to path: String, mode: mode_t, replacing: Bool) throws(Failure) {
        if !replacing, unsafe access(path, F_OK) == 0 { throw Failure(path: path, number: EEXIST) }
        let temporary = "\(path).\(getpid()).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Failure(path: temporary, number: errno) }
        var offset = 0
        while offset < contents.count {
            let count = unsafe contents.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + offset, contents.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                close(descriptor)
                unsafe unlink(temporary)
                throw Failure(path: temporary, number: number)
            }
            offset += count
        }
        fchmod(descriptor, mode)
        close(descriptor)
        guard unsafe rename(temporary, path) == 0 else {
            let number = errno
            unsafe unlink(temporary)
            throw Failure(path: path, number: number)
        }
    }
}
