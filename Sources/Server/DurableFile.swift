import Glibc

/// Small files, on disk when a call returns.
enum DurableFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) { self.description = description }

        static func system(_ path: String) -> Failure {
            Failure("\(path): \(unsafe String(cString: strerror(errno)))")
        }
    }

    static func makeFolder(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Failure.system(made) }
        }
    }

    /// Runs `body` alone among all processes that use this lock file.
    static func withLock(_ path: String, _ body: () throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure.system(path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Failure.system(path) }
        }
        try body()
    }

    /// `nil` when there is no such file.
    ///
    /// - Parameter limit: most bytes that are read.
    static func read(_ path: String, limit: Int = 65_536) throws -> [UInt8]? {
        guard let file = unsafe fopen(path, "re") else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Failure.system(path)
        }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let piece = min(limit - bytes.count, 16_384)
            let before = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: piece))
            let count = unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe fread(bytes.baseAddress! + before, 1, piece, file)
            }
            bytes.removeLast(piece - count)
            if count < piece { break }
        }
        guard unsafe ferror(file) == 0 else { throw Failure.system(path) }
        return bytes
    }

    /// Adds to the end of a file, which is made when it is missing.
    static func append(_ bytes: [UInt8], to path: String) throws(Failure) {
        try write(bytes, opening: path, O_APPEND, 0o640)
    }

    /// The file appears whole or not at all.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
        let temporary = "\(path).new"
        try write(bytes, opening: temporary, O_TRUNC, mode)
        guard unsafe rename(temporary, path) == 0 else { throw Failure.system(path) }
    }

    private static func write(
        _ bytes: [UInt8], opening path: String, _ flag: Int32, _ mode: mode_t
    ) throws(Failure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flag, mode)
        guard descriptor >= 0 else { throw Failure.system(path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure.system(path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Failure.system(path) }
    }
}
