private import Glibc

/// A PostgreSQL cluster that belongs to this process: made on the first start, reached through a unix socket only,
/// stopped when the process ends, however it ends.
///
/// Started by root it runs as the user `postgres`. A watcher process stops the server when this process is gone, so a
/// kill leaves nothing behind that would stand in the way of the next start.
public actor PrivateCluster {
    public enum StopMode: String, Sendable {
        /// Sessions are ended, transactions rolled back, everything is written.
        case fast
        /// As after a power cut: the next start recovers from the log.
        case immediate
    }

    /// The superuser of the cluster.
    public static let user = "beamline"

    private let thread: PostgresThread
    private let options: Options
    private let programs: String
    private var watcher: (process: Int32, end: Int32)?

    /// The folder that holds the cluster: the one asked for, or the fallback.
    public nonisolated let directory: String
    /// The folder of the unix socket.
    public nonisolated let socketDirectory: String
    /// Whether the cluster went to the fallback because the user `postgres` cannot enter the folder asked for.
    public nonisolated let isRelocated: Bool

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// Makes the cluster if there is none yet, starts it and returns when it answers.
    public static func start(_ options: Options) async throws -> PrivateCluster {
        let cluster = try PrivateCluster(options, thread: .start())
        try await cluster.start()
        return cluster
    }

    /// A conninfo of one of the cluster's databases.
    public nonisolated func conninfo(database: String = "postgres") -> String {
        "host=\(socketDirectory) user=\(Self.user) dbname=\(database)"
    }

    private init(_ options: Options, thread: PostgresThread) throws(PrivateClusterError) {
        self.thread = thread
        self.options = options
        programs = try PostgresPrograms.find()
        let place = try Place.choose(options)
        directory = place.directory
        isRelocated = place.isRelocated
        socketDirectory = place.socketDirectory
    }

    deinit {
        // The watcher sees its input end and stops the server.
        if let watcher { Glibc.close(watcher.end) }
        thread.stop()
    }

    /// Starts a cluster that was stopped.
    public func start() throws(PrivateClusterError) {
        try makeIfMissing()
        try writeConfiguration()
        try awaitNoServer()
        // After a crash the last sessions of the old server may hold its shared memory for a moment.
        var tries = 0
        while true {
            let outcome = try command([
                "pg_ctl", "start", "--silent", "--wait", "--timeout=600", "--pgdata=\(data)", "--log=\(directory)/log",
            ])
            if outcome.status == 0 { break }
            tries += 1
            guard tries < 20, logEndsWithSharedMemory() else {
                throw .failed(
                    program: "PostgreSQL", status: outcome.status, output: outcome.output + logTail())
            }
            usleep(100_000)
        }
        if watcher == nil { watcher = try startWatcher() }
    }

    /// Stops the server; `start()` starts it again.
    public func stop(_ mode: StopMode = .fast) throws(PrivateClusterError) {
        // The watcher of a temporary cluster still has its folder to delete. Another one's must not live on to stop a
        // server that somebody else has started meanwhile.
        if !options.isTemporary { dismissWatcher() }
        let outcome = try command([
            "pg_ctl", "stop", "--silent", "--wait", "--timeout=600", "--mode=\(mode.rawValue)", "--pgdata=\(data)",
        ])
        guard outcome.status == 0 else {
            throw .failed(program: "pg_ctl stop", status: outcome.status, output: outcome.output)
        }
    }

    /// Stops the server and deletes the folder.
    public func destroy() throws(PrivateClusterError) {
        if try isRunning() { try stop(.immediate) }
        dismissWatcher()
        let outcome = try ChildProcess.run(["rm", "-rf", "--", directory, socketDirectory])
        guard outcome.status == 0 else { throw .failed(program: "rm", status: outcome.status, output: outcome.output) }
    }

    /// Sends a signal to the server's first process. SIGKILL is a crash; `start()` recovers.
    public func signal(_ signal: Int32) throws(PrivateClusterError) {
        guard let text = Files.read("\(data)/postmaster.pid"), let line = text.split(separator: "\n").first,
            let process = Int32(line)
        else { throw .unusable(directory: directory, reason: "the server does not run") }
        guard kill(process, signal) == 0 else { throw .system("kill", errno) }
    }

    public func isRunning() throws(PrivateClusterError) -> Bool {
        try command(["pg_ctl", "status", "--pgdata=\(data)"]).status == 0
    }

    // MARK: Steps

    private var data: String { "\(directory)/data" }

    private func makeIfMissing() throws(PrivateClusterError) {
        if let version = Files.read("\(data)/PG_VERSION") {
            let version = version.split(separator: "\n").first.map(String.init) ?? ""
            let ours = try programVersion()
            guard version == ours else {
                throw .versionMismatch(directory: directory, data: version, programs: ours)
            }
            return
        }
        // Under another name until it is whole, so that an interrupted attempt is not taken for a cluster.
        let unfinished = "\(directory)/data.new"
        _ = try ChildProcess.run(["rm", "-rf", "--", unfinished, data])
        var arguments = [
            "initdb", "--pgdata=\(unfinished)", "--username=\(Self.user)", "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-instructions",
        ]
        switch options.durability {
        case .full: break
        case .none: arguments.append("--no-sync")
        }
        let outcome = try command(arguments)
        guard outcome.status == 0 else {
            throw .failed(program: "initdb", status: outcome.status, output: outcome.output)
        }
        guard Files.append("include_if_exists = 'beamline.conf'\n", to: "\(unfinished)/postgresql.conf"),
            unsafe rename(unfinished, data) == 0
        else { throw .system(data, errno) }
    }

    private func programVersion() throws(PrivateClusterError) -> String {
        let outcome = try command(["postgres", "--version"])
        // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
        let words = outcome.output.split(separator: " ")
        guard words.count > 2 else { return outcome.output }
        return words[2].split(separator: ".").first.map(String.init) ?? ""
    }

    private func writeConfiguration() throws(PrivateClusterError) {
        let text = options.configuration(socketDirectory: socketDirectory)
        guard Files.write(text, to: "\(data)/beamline.conf", mode: 0o644) else {
            throw .system("\(data)/beamline.conf", errno)
        }
    }

    /// A server left behind by a process that was killed is being stopped by its watcher: waits for that.
    private func awaitNoServer() throws(PrivateClusterError) {
        for _ in 0..<100 {
            guard try isRunning() else { return }
            usleep(100_000)
        }
        throw .alreadyRunning(directory: directory)
    }

    private func startWatcher() throws(PrivateClusterError) -> (process: Int32, end: Int32) {
        let mode = options.isTemporary ? StopMode.immediate : .fast
        var script = "read -r line; \"$1/pg_ctl\" stop --silent --wait --mode=\(mode.rawValue) --pgdata=\"$2/data\""
        if options.isTemporary { script += "; rm -rf -- \"$2\"/* \"$3\"; rmdir -- \"$2\"" }
        return try ChildProcess.startWatcher(
            PostgresPrograms.prefix + ["/bin/sh", "-c", script, "sh", programs, directory, socketDirectory])
    }

    private func dismissWatcher() {
        guard let watcher else { return }
        kill(watcher.process, SIGKILL)
        ChildProcess.wait(watcher.process)
        Glibc.close(watcher.end)
        self.watcher = nil
    }

    private func command(_ arguments: [String]) throws(PrivateClusterError) -> ChildProcess.Outcome {
        try ChildProcess.run(PostgresPrograms.prefix + ["\(programs)/\(arguments[0])"] + arguments.dropFirst())
    }

    private func logTail() -> String {
        let lines = (Files.read("\(directory)/log") ?? "").split(separator: "\n").suffix(5)
        return lines.isEmpty ? "" : " | " + lines.joined(separator: " | ")
    }

    private func logEndsWithSharedMemory() -> Bool {
        let tail = logTail()
        return tail.contains("shared memory") || tail.contains("lock file")
    }
}
