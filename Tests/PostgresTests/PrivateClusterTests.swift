import Glibc
import Postgres
import TestSupport
import Testing

@Suite("Private cluster", .timeLimit(.minutes(3)))
struct PrivateClusterTests {
    private func folder() -> String { "/tmp/beamline-cluster-\(getpid())-\(UInt32.random(in: 0 ... .max))" }

    private func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    @Test func itIsDurableAndKeepsItsData() async throws {
        let directory = folder()
        let cluster = try await PrivateCluster.start(.init(directory: directory))
        #expect(cluster.directory == directory)
        #expect(!cluster.isRelocated)
        let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
        let row = try await connection.query(
            """
            SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
                current_setting('max_wal_size'), current_setting('listen_addresses'), current_setting('wal_compression')
            """)[0]
        let settings = try (0..<6).map { try row.decode($0, as: String.self) }
        #expect(settings == ["on", "on", "on", "8GB", "", "lz4"])
        try await connection.run(script: "CREATE TABLE kept ()")
        try await cluster.stop()
        #expect(try await cluster.isRunning() == false)
        let second = try await PrivateCluster.start(.init(directory: directory))
        let again = try await PostgresConnection.connect(.init(second.conninfo()))
        #expect(try await again.query("SELECT FROM kept").isEmpty)
        try await second.destroy()
        #expect(!exists(directory))
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as another user"))
    func whereTheServersUserCannotEnterItGoesElsewhere() async throws {
        let closed = folder()
        unsafe mkdir(closed, 0o700)
        let fallback = folder()
        let cluster = try await PrivateCluster.start(.init(directory: "\(closed)/postgres", fallback: fallback))
        #expect(cluster.isRelocated)
        #expect(cluster.directory.hasPrefix("\(fallback)/"))
        #expect(!exists("\(closed)/postgres"))
        let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
        #expect(try await connection.query("SELECT 1").count == 1)
        try await cluster.destroy()
        unsafe rmdir(closed)
        unsafe rmdir(fallback)
    }

    @Test func aFolderThatCannotBeIsAClearError() async throws {
        let error = await #expect(throws: PrivateClusterError.self) {
            try await PrivateCluster.start(.init(directory: "/proc/nothing/here", fallback: "/proc/nothing"))
        }
        #expect(error.map { "\($0)".contains("/proc/nothing") } == true)
    }

    @Test func aVeryLongPathStillHasASocket() async throws {
        let parent = folder()
        let long = parent + "/" + String(repeating: "x", count: 120)
        unsafe mkdir(parent, 0o755)
        let cluster = try await PrivateCluster.start(.init(directory: long, durability: .none))
        let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
        #expect(try await connection.query("SELECT 1").count == 1)
        try await cluster.destroy()
        #expect(!exists(cluster.socketDirectory))
        unsafe rmdir(parent)
    }

    @Test func aCrashIsRecoveredFrom() async throws {
        let cluster = try await PrivateCluster.start(.init(directory: folder()))
        let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
        try await connection.run(script: "CREATE TABLE kept ()")
        try await cluster.signal(SIGKILL)
        try await until { !connection.isUsable }
        try await cluster.start()
        let again = try await PostgresConnection.connect(.init(cluster.conninfo()))
        #expect(try await again.query("SELECT FROM kept").isEmpty)
        try await cluster.destroy()
    }

    /// The process that owns a cluster is killed and started again at once: the data is there.
    @Test func aKilledOwnerCanStartAgainAtOnce() async throws {
        let outcome = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let directory = "/tmp/beamline-cluster-\(getpid())-again"
            let cluster = try await PrivateCluster.start(.init(directory: directory))
            let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
            try await connection.run(script: "CREATE TABLE kept ()")
            let line = Array("KILLED \(directory) END\n".utf8)
            _ = unsafe line.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(outcome).standardOutputContent, as: UTF8.self)
        let words = output.split(whereSeparator: \.isWhitespace)
        let mark = try #require(words.firstIndex(of: "KILLED"))
        let cluster = try await PrivateCluster.start(.init(directory: String(words[mark + 1])))
        let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
        #expect(try await connection.query("SELECT FROM kept").isEmpty)
        await #expect(throws: PrivateClusterError.alreadyRunning(directory: cluster.directory)) {
            try await PrivateCluster.start(.init(directory: cluster.directory))
        }
        try await cluster.destroy()
    }

    /// The process that owns a cluster is killed: the server stops, and a temporary folder is gone.
    @Test func nothingIsLeftBehindByAKilledProcess() async throws {
        let outcome = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let directory = "/tmp/beamline-cluster-\(getpid())-killed"
            let cluster = try await PrivateCluster.start(.init(directory: directory, isTemporary: true))
            let connection = try await PostgresConnection.connect(.init(cluster.conninfo()))
            let process = await connection.processID
            // Straight to the descriptor: a buffer would die with the process.
            let line = Array("KILLED \(directory) \(process) END\n".utf8)
            _ = unsafe line.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(outcome).standardOutputContent, as: UTF8.self)
        let words = output.split(whereSeparator: \.isWhitespace)
        let mark = try #require(words.firstIndex(of: "KILLED"))
        let directory = String(words[mark + 1])
        let process = try #require(Int32(words[mark + 2]))
        try await until { !exists(directory) && kill(process, 0) != 0 }
    }
}
