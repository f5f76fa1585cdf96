import Foundation
import Synchronization

/// A program that a test runs beside itself: its lines can be awaited, and it ends with the test's own value.
///
/// By posix_spawn with close-on-exec descriptors: Foundation's `Process` lets programs that start at the same time
/// inherit each other's pipes, and then the end of one is not seen before the end of the other.
public final class ChildProgram: Sendable {
    /// Why a program did not start: an error number.
    public struct SpawnError: Error {
        let code: Int32
    }

    private let process: pid_t
    private let lines: AsyncStream<String>
    private let statuses: AsyncStream<Int32>
    /// The process was waited for, so its number may be another's now.
    private let isOver = Mutex(false)

    /// Held between the pipe and the start, so that no other program inherits the pipe.
    private static let spawning = Mutex(())

    /// Starts `arguments[0]`, found in PATH.
    public init(_ arguments: [String]) throws {
        let (process, output) = try Self.spawning.withLock { _ in try Self.spawn(arguments) }
        self.process = process
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let (statuses, ended) = AsyncStream.makeStream(of: Int32.self)
        self.lines = lines
        self.statuses = statuses
        let isOver = WeakFlag(self)
        Thread.detachNewThread {
            Self.read(output, line)
            close(output)
            line.finish()
            var status: Int32 = 0
            unsafe waitpid(process, &status, 0)
            isOver.set()
            ended.yield(status)
            ended.finish()
        }
    }

    /// The process, and the end of the pipe from which its output is read.
    private static func spawn(_ arguments: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SpawnError(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        // Threads of the concurrency pool block signals, and a child would inherit that: SIGTERM would not end it.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process: pid_t = 0
        var argv: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        let code = unsafe posix_spawnp(&process, arguments[0], &actions, &attributes, &argv, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw SpawnError(code: code)
        }
        return (process, ends[0])
    }

    /// Tells the program's value, while it lives, that the process is over.
    private struct WeakFlag: Sendable {
        weak let program: ChildProgram?

        init(_ program: ChildProgram) { self.program = program }

        func set() { program?.isOver.withLock { $0 = true } }
    }

    private static func read(_ descriptor: Int32, _ line: AsyncStream<String>.Continuation) {
        var partial: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            for byte in buffer[..<count] {
                if byte == 10 {
                    line.yield(String(decoding: partial, as: UTF8.self))
                    partial = []
                } else {
                    partial.append(byte)
                }
            }
        }
    }

    deinit { terminate() }

    /// The next line of its standard output, or `nil` at the end. For one reader.
    public func line() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// How it ended, as waitpid says. To be asked once.
    public func exitStatus() async -> Int32? {
        for await status in statuses { return status }
        return nil
    }

    /// Sends SIGTERM.
    public func terminate() {
        isOver.withLock { isOver in
            if !isOver { kill(process, SIGTERM) }
        }
    }
}

/// Places in the checkout.
public enum Checkout {
    /// The top folder.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The folder of what was built, the running tests among it.
    public static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path

    /// The Python of scripts/python-tools.
    public static let python = root + "/.build/python/bin/python"
}
