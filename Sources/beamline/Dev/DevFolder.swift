import Glibc
import JSON
import Postgres

/// `.beamline/`: the private cluster, keys, and the context that client commands find.
struct DevFolder: Sendable {
    /// As the user wrote it, for messages.
    let name: String
    let path: String

    init(_ name: String) throws(CommandFailure) {
        self.name = name
        guard unsafe mkdir(name, 0o755) == 0 || errno == EEXIST, let absolute = unsafe realpath(name, nil) else {
            throw CommandFailure(.invalid, "error: \(name): \(unsafe String(cString: strerror(errno)))")
        }
        defer { unsafe free(absolute) }
        path = unsafe String(cString: absolute)
    }

    var keys: String { "\(path)/keys" }
    var context: String { "\(path)/context.json" }
    var worker: String { "\(path)/worker.log" }
    var cluster: PrivateCluster.Options { .init(directory: "\(path)/postgres") }

    /// Held while a `dev` uses the folder. The lock goes with the process, however it ends.
    func lock() throws(CommandFailure) -> Int32 {
        let descriptor = unsafe open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.invalid, "error: \(name)/lock: \(unsafe String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure(
                .invalid,
                """
                error: another `beamline dev` uses \(name)/ already
                  Open it with: ./beamline dashboard
                  Stop it with Ctrl-C in its terminal, or start a second one with: ./beamline dev --data OTHER --port 8081
                """)
        }
        return descriptor
    }

    func writeContext(url: String, token: String) throws(CommandFailure) {
        let value = JSONValue.object([("url", .string(url)), ("token", .string(token))])
        do {
            try FileContents.write(value.bytes(pretty: true), to: context, mode: 0o600, replacing: true)
        } catch {
            throw CommandFailure(.invalid, "error: \(error)")
        }
    }

    func removeContext() { _ = unsafe unlink(context) }

    /// Deletes everything; refuses while it is in use.
    func reset() async throws {
        let descriptor = try lock()
        defer { close(descriptor) }
        do {
            // Started once more, because only a cluster that runs knows where its files went.
            try await PrivateCluster.start(cluster).destroy()
        } catch {
            throw CommandFailure(.invalid, "error: \(error)")
        }
        try FolderRemoval.remove(path)
        print("Deleted \(name)/.")
    }
}
