import Glibc

/// The worker that `dev` runs: this very program, as a process of its own.
final class DevWorker: Sendable {
    private let process: pid_t

    /// The worker's log goes to a file; tokens go through the environment, which other users cannot read.
    init(url: String, token: String, name: String, log: String) throws(CommandFailure) {
        let program = Installation.programPath()
        let arguments = [program, "worker", "--name", name]
        var environment = Self.environment()
        environment["BEAMLINE_URL"] = url
        environment["BEAMLINE_TOKEN"] = token
        environment["BEAMLINE_LOG_FORMAT"] = "json"
        process = try Self.spawn(program, arguments, environment, log)
    }

    /// SIGTERM: the worker finishes what it holds, within its grace.
    func stop() { kill(process, SIGTERM) }

    /// Waits on the calling thread until the worker has left; answers its status.
    func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    static func environment() -> [String: String] {
        var found: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                found[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            unsafe entry += 1
        }
        return found
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ log: String
    ) throws(CommandFailure) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C reaches `dev`, which stops the worker in its own time.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let envp = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            unsafe argv.forEach { unsafe free($0) }
            unsafe envp.forEach { unsafe free($0) }
        }
        var process = pid_t()
        let result = unsafe posix_spawn(&process, program, &actions, &attributes, argv, envp)
        guard result == 0 else {
            throw CommandFailure(
                .failed, "error: the worker does not start: \(unsafe String(cString: strerror(result)))")
        }
        return process
    }
}
