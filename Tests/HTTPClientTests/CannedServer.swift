import Glibc
import Synchronization

/// A socket that takes one connection, reads one request, and says what it was told to (or, with `nil`, nothing).
final class CannedServer: Sendable {
    struct Failure: Error {
        var number = errno
    }

    private struct State {
        var heard = ""
        var onRequest: (@Sendable () -> Void)?
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    var url: String { "http://127.0.0.1:\(port)/" }

    init(_ answer: String?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure() }
        listener = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && listen(descriptor, 4) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard bound else { throw Failure() }
        port = UInt16(bigEndian: address.sin_port)
        let thread = CannedThread { [self] in serve(answer) }
        thread.start()
    }

    deinit { close(listener) }

    /// Stops listening; the port is free, but known.
    func closedPort() -> UInt16 {
        shutdown(listener, Int32(SHUT_RDWR))
        return port
    }

    func heard() -> String { state.withLock { $0.heard } }

    func onRequest(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onRequest = body } }

    private func serve(_ answer: String?) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !isWhole(text) {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(connection, $0.baseAddress!, $0.count) }
            guard count > 0 else { return }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        state.withLock { state in
            state.heard = text
            return state.onRequest
        }?()
        if let answer {
            var bytes = Array(answer.utf8)
            _ = unsafe bytes.withUnsafeMutableBytes { unsafe write(connection, $0.baseAddress!, $0.count) }
        }
        // Until the other side has gone.
        while unsafe buffer.withUnsafeMutableBytes({ unsafe read(connection, $0.baseAddress!, $0.count) }) > 0 {}
    }

    private func isWhole(_ text: String) -> Bool {
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = text[..<end.lowerBound].split(separator: "\r\n").compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].filter(\.isNumber))
        }
        return text[end.upperBound...].utf8.count >= (length.first ?? 0)
    }
}

/// A detached thread with a closure.
private final class CannedThread: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func start() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(&thread, nil, Self.main, context)
        pthread_detach(thread)
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        // Balances the retain in start().
        unsafe Unmanaged<CannedThread>.fromOpaque(context!).takeRetainedValue().body()
        return nil
    }
}

extension String {
    func range(of text: String) -> Range<String.Index>? { ranges(of: text).first }
}
