private import Glibc
private import Synchronization

/// Stands between clients and PostgreSQL's unix socket, and can lose the next answer of the server with the connection:
/// the request has been carried out, and the client does not learn it.
public final class SocketProxy: Sendable {
    /// The folder in which clients find the socket.
    public let directory: String
    private let listener: Int32
    private let target: String
    private let losesNextAnswer = Mutex(false)
    private let lost = Atomic<Int>(0)

    /// - Parameter target: the folder of the server's socket.
    public init(to target: String) throws {
        directory = "/tmp/beamline-proxy-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        self.target = "\(target)/.s.PGSQL.5432"
        guard unsafe mkdir(directory, 0o700) == 0 else { throw Unmet(description: "mkdir: errno \(errno)") }
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let path = "\(directory)/.s.PGSQL.5432"
        guard unsafe Self.withAddress(path, { unsafe bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw Unmet(description: "listen: errno \(errno)")
        }
        Self.thread { [self] in accept() }
    }

    /// Stops listening; open connections end with their clients.
    public func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        unsafe unlink("\(directory)/.s.PGSQL.5432")
        unsafe rmdir(directory)
    }

    /// The next answer of the server to anybody is thrown away, and that connection cut.
    public func loseNextAnswer() { losesNextAnswer.withLock { $0 = true } }

    /// How many answers have been lost.
    public var lostAnswers: Int { lost.load(ordering: .acquiring) }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard unsafe Self.withAddress(target, { unsafe connect(server, $0, $1) }) == 0 else {
                Glibc.close(client)
                Glibc.close(server)
                continue
            }
            Self.thread { [self] in carry(client, server) }
        }
    }

    private func carry(_ client: Int32, _ server: Int32) {
        defer {
            Glibc.close(client)
            Glibc.close(server)
        }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            var descriptors = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&descriptors, 2, -1) > 0 else { return }
            if descriptors[0].revents != 0, !pump(client, server, &buffer) { return }
            guard descriptors[1].revents != 0 else { continue }
            let loses = losesNextAnswer.withLock { flag in
                defer { flag = false }
                return flag
            }
            if loses {
                // Something has come back, so the server has carried the request out.
                _ = unsafe read(server, &buffer, buffer.count)
                lost.add(1, ordering: .releasing)
                return
            }
            if !pump(server, client, &buffer) { return }
        }
    }

    private func pump(_ from: Int32, _ to: Int32, _ buffer: inout [UInt8]) -> Bool {
        let count = unsafe read(from, &buffer, buffer.count)
        guard count > 0 else { return false }
        var sent = 0
        while sent < count {
            let written = unsafe buffer[sent..<count].withUnsafeBytes {
                unsafe send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        precondition(bytes.count < 108, "a socket's path has at most 107 bytes")
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Box(body))
        let outcome = unsafe pthread_create(
            &thread, nil,
            { @Sendable argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        if outcome == 0 { pthread_detach(thread) } else { unsafe box.release() }
    }
}
