private import Glibc

/// A child process of this one, started without a shell and with an environment that is spelled out.
enum ChildProcess {
    /// How a finished command ended and what it wrote to both of its outputs.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
    }

    /// Runs a command to its end. Blocks its thread.
    static func run(_ command: [String]) throws(PrivateClusterError) -> Outcome {
        // A socket pair, because it can be made close-on-exec in one step: no other child may hold it open.
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0, &ends) == 0 else {
            throw .system("socketpair", errno)
        }
        let process: Int32
        do throws(PrivateClusterError) {
            process = try spawn(command, input: nil, output: ends[1])
        } catch {
            close(ends[0])
            close(ends[1])
            throw error
        }
        close(ends[1])
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(ends[0], &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output += chunk[..<count]
        }
        close(ends[0])
        return Outcome(status: wait(process), output: String(decoding: output, as: UTF8.self))
    }

    /// Starts a command in a session of its own. Its input ends when this process is gone, however it ends.
    ///
    /// Returns the process and this side's end of its input.
    static func startWatcher(_ command: [String]) throws(PrivateClusterError) -> (process: Int32, end: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0, &ends) == 0 else {
            throw .system("socketpair", errno)
        }
        defer { close(ends[1]) }
        do throws(PrivateClusterError) {
            return (try spawn(command, input: ends[1], output: nil), ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }

    /// Waits for a child's end: its exit status, or 128 and its signal's number.
    @discardableResult
    static func wait(_ process: Int32) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// POSIX_SPAWN_SETSID, which the Glibc module does not show.
    private static let newSession: Int16 = 0x80
    private static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)

    private static func spawn(
        _ command: [String], input: Int32?, output: Int32?
    ) throws(PrivateClusterError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        for descriptor: Int32 in [1, 2] {
            if let output {
                unsafe posix_spawn_file_actions_adddup2(&actions, output, descriptor)
            } else {
                unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A session of its own: Ctrl-C in the terminal is for this process, which then stops its children in order.
        unsafe posix_spawnattr_setflags(&attributes, newSession)
        let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/"]
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            unsafe (arguments + variables).forEach { unsafe free($0) }
        }
        var process: Int32 = 0
        let code = unsafe posix_spawnp(&process, command[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw .system("cannot start \(command[0])", code) }
        return process
    }
}
