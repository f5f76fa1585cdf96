internal import Engine
internal import Postgres
internal import Workflows

/// The rows of a batch that few batches have.
struct RareRows {
    private var endedWaits: [StepKey] = []
    private var waits: [WaitRow] = []
    private var held: [ReadyRow] = []
    private var pauses: [RunPause] = []
    private var posts: [InboxPost] = []
    private var children: [RunStart] = []

    init() {}

    init(_ batch: CommitBatch, _ selection: CommitColumns.Selection) {
        endedWaits = batch.endedWaits.filter { selection.contains($0.run) }
        waits = batch.waits.filter { selection.contains($0.step.run) }
        held = batch.held.filter { selection.contains($0.key) }
        pauses = batch.pauses.filter { selection.contains($0.key) }
        posts = batch.posts.filter { selection.contains($0.sender) }
        children = batch.starts.filter { $0.parent != nil && selection.contains($0.key) }
    }

    var isEmpty: Bool {
        endedWaits.isEmpty && waits.isEmpty && held.isEmpty && pauses.isEmpty && posts.isEmpty && children.isEmpty
    }

    /// Those of runs that were written.
    func written(by reply: CommitReply) -> RareRows {
        guard reply.written != nil else { return self }
        var rows = self
        rows.endedWaits.removeAll { !reply.wrote($0.run) }
        rows.waits.removeAll { !reply.wrote($0.step.run) }
        rows.held.removeAll { !reply.wrote($0.key) }
        rows.pauses.removeAll { !reply.wrote($0.key) }
        rows.posts.removeAll { !reply.wrote($0.sender) }
        rows.children.removeAll { !reply.wrote($0.key) }
        return rows
    }

    func writeEndedWaits(on connection: PostgresTransaction) async throws(PostgresError) {
        guard !endedWaits.isEmpty else { return }
        _ = try await connection.execute(
            RareStatement.endWaits, endedWaits.map(\.run.tenant.value), endedWaits.map(\.run.run.uuid),
            endedWaits.map(\.step))
    }

    /// Answers the buckets that received tokens of resumed runs.
    func write(on connection: PostgresTransaction) async throws(PostgresError) -> [ReadyBucket] {
        if !waits.isEmpty {
            _ = try await connection.execute(
                RareStatement.wait, waits.map(\.step.run.tenant.value), waits.map(\.step.run.run.uuid),
                waits.map(\.step.step), waits.map(\.request.kind.rawValue), waits.map(\.request.subject))
        }
        if !held.isEmpty {
            _ = try await connection.execute(
                RareStatement.hold, held.map(\.key.tenant.value), held.map(\.key.run.uuid),
                held.map(\.bucket.queue.value), held.map(\.bucket.route.value), held.map(\.rank), held.map(\.step),
                held.map(\.attempt), held.map(\.losses))
        }
        if !children.isEmpty {
            _ = try await connection.execute(
                RareStatement.parent, children.map(\.key.tenant.value), children.map(\.key.run.uuid),
                children.compactMap(\.parent?.run.uuid), children.compactMap(\.parent?.step), children.map(\.depth))
        }
        if !posts.isEmpty {
            let inbox = InboxColumns(posts.map(\.message))
            _ = try await connection.execute(
                InboxColumns.post, inbox.tenants, inbox.runs, inbox.ids, inbox.kinds, inbox.bodies)
        }
        return try await move(on: connection)
    }

    private func move(on connection: PostgresTransaction) async throws(PostgresError) -> [ReadyBucket] {
        let paused = pauses.filter(\.isPaused).map(\.key)
        if !paused.isEmpty {
            _ = try await connection.execute(RareStatement.pause, paused.map(\.tenant.value), paused.map(\.run.uuid))
        }
        let resumed = pauses.filter { !$0.isPaused }.map(\.key)
        guard !resumed.isEmpty else { return [] }
        return try PostgresStore.buckets(
            try await connection.execute(
                RareStatement.resume, resumed.map(\.tenant.value), resumed.map(\.run.uuid)))
    }
}
