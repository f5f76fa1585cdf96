import Access
import Glibc
import HTTP
import JSON
import Logging
import Postgres
import Server

/// One run of `dev`, stage by stage, and its clean end.
struct DevSession {
    let folder: DevFolder
    let port: Int
    let demo: Bool
    let examples: Bool
    private let stages = Stages()

    init(folder: DevFolder, port: Int, demo: Bool, examples: Bool) {
        self.folder = folder
        self.port = port
        self.demo = demo
        self.examples = examples
    }

    func run() async throws -> ExitStatus {
        let lock = try folder.lock()
        defer { close(lock) }
        let cluster = try await startCluster()
        do {
            let status = try await serve(cluster)
            try await cluster.stop()
            return status
        } catch {
            // The first failure is what matters; the watcher of the cluster stops it in any case.
            try? await cluster.stop()
            throw error
        }
    }

    private func startCluster() async throws -> PrivateCluster {
        try await stages.run(3, "PostgreSQL") {
            do {
                let cluster = try await PrivateCluster.start(folder.cluster)
                let place = cluster.isRelocated ? cluster.directory : "\(folder.name)/postgres"
                return ("\(place), fsync on", cluster)
            } catch {
                throw CommandFailure(.failed, "error: PostgreSQL: \(error)")
            }
        }
    }

    private func serve(_ cluster: PrivateCluster) async throws -> ExitStatus {
        let database = cluster.conninfo(database: "beamline")
        try await stages.run(4, "Schema") {
            try await DevDatabase.ensure(cluster)
            return ("\(try await SchemaStep.up(database)) migrations", ())
        }
        let keys = try NodeKeys.open(folder.keys)
        let (node, url) = try await stages.run(5, "Server") {
            var options = ServerOptions(database: database, keysFolder: folder.keys)
            options.timeZones = ZoneFiles.zones
            options.addresses = [.tcp(host: "127.0.0.1", port: port)]
            options.webFolder = try Installation.web(nil)
            options.nodeName = "dev"
            options.secrets.masterKeyFile = "\(folder.keys)/master.keys"
            options.secrets.makesMasterKey = true
            options.audit.keyFile = "\(folder.keys)/audit.keys"
            options.audit.makesKey = true
            options.audit.headsFile = "\(folder.keys)/audit-heads.jsonl"
            let node: ServerNode
            do {
                node = try await ServerNode.make(options, logger: Logger(label: "beamline.dev"))
            } catch {
                throw CommandFailure(
                    .failed, "error: \(StartFailure.text(error))\n  If the port is taken: ./beamline dev --port 8081")
            }
            let url = "http://\(node.addresses[0])"
            return ("\(url), worker \(Self.workerName) (\(WorkerSlots.standard.text))", (node, url))
        }
        let now = wallClockMicroseconds() / 1_000_000
        let user = try keys.mint(
            subject: "dev", tenant: "default", roles: [.platformAdmin], lifetime: 30 * 86_400, now: now)
        let forWorker = try keys.mint(
            subject: Self.workerName, tenant: "default", roles: [.worker], lifetime: 30 * 86_400, now: now)
        try folder.writeContext(url: url, token: user)
        defer { folder.removeContext() }

        let outcome = Outcome()
        try await ServeSession.untilSignalled(stop: { node.stop() }) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await node.run() }
                let worker = try DevWorker(url: url, token: forWorker, name: Self.workerName, log: folder.worker)
                defer {
                    worker.stop()
                    _ = worker.wait()
                }
                do {
                    let client = APIClient(ClientContext(url: url, token: user, source: folder.context))
                    outcome.status = try await DevExamples(client: client, stages: stages, isOn: examples).run()
                    if demo {
                        node.stop()
                    } else {
                        try await welcome(client)
                    }
                    try await group.waitForAll()
                } catch {
                    node.stop()
                    group.cancelAll()
                    throw error
                }
            }
        }
        // Only `demo` ends with the example's status; a session that was stopped by hand has succeeded.
        return demo ? outcome.status : .succeeded
    }

    private func welcome(_ client: APIClient) async throws {
        let code = try await client.post("/v1/session/codes", body: nil)["code"]?.stringValue ?? ""
        print(
            """
            Dashboard  \(client.url)/#code=\(code)   (once, 5 min; again: ./beamline dashboard)
            Yours, in another terminal:
              ./beamline init hello.yaml
              ./beamline run start hello.yaml -i name=Ada --watch
            Ctrl-C stops; data stays in \(folder.name)/ (make reset deletes it).
            """)
        flushStandardOutput()
    }

    private static let workerName = "local-1"
}

/// The last example's status, set by one task and read after it.
private final class Outcome: @unchecked Sendable {
    // Written inside the task group that `run` awaits before it reads.
    var status = ExitStatus.succeeded
}
