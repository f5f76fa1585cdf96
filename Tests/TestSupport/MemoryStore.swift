public import Engine
import Synchronization
public import Workflows

/// The store in memory: linearizable, each call one transaction under a lock. The twin of `PostgresStore`, for tests.
public final class MemoryStore: Store, Catalog {
    let state: Mutex<MemoryTables>
    private let time: @Sendable () -> Timestamp
    private let observer: (@Sendable (StoreTransaction) -> Void)?

    /// - Parameters:
    ///   - time: The store's clock.
    ///   - planted: A defect to be found by those who check the store's users.
    ///   - refuses: Whether a row is data that the database does not take (SQLSTATE class 22).
    ///   - observer: Sees each transaction that may write, in the order of their effects.
    public init(
        time: @escaping @Sendable () -> Timestamp, planted: PlantedFault? = nil,
        refuses: @escaping @Sendable (TransitionRow) -> Bool = { _ in false },
        observer: (@Sendable (StoreTransaction) -> Void)? = nil
    ) {
        self.time = time
        self.observer = observer
        state = Mutex(MemoryTables(planted: planted, refuses: refuses))
    }

    /// Others run between the request and the transaction, and between it and the answer, as with a real database.
    func transaction<Result: Sendable>(
        seen call: ((Result) -> StoreTransaction.Call?)? = nil, _ body: (inout MemoryTables) -> Result
    ) async -> Result {
        await Task.yield()
        let result = transact(seen: call, body)
        await Task.yield()
        return result
    }

    private func transact<Result: Sendable>(
        seen call: ((Result) -> StoreTransaction.Call?)?, _ body: (inout MemoryTables) -> Result
    ) -> Result {
        let now = time()
        return state.withLock { tables in
            tables.begin(at: now)
            let result = body(&tables)
            let events = tables.end()
            if let observer, let seen = call?(result), !tables.isLost {
                observer(
                    StoreTransaction(
                        call: seen, at: tables.now, returned: tables.returned, moved: tables.moved,
                        targets: tables.targetSlots, events: events))
            }
            return result
        }
    }

    public func commit(_ batch: CommitBatch) async throws(StoreError) -> CommitOutcome {
        // What the first statement of a transaction sees may be old when its effects come: as old as the longest commit.
        let snapshot = state.withLock { $0.snapshot(for: batch) }
        if snapshot != nil { for _ in 0..<1024 { await Task.yield() } }
        return await transaction(seen: { .commit(batch, $0) }) { $0.commit(batch, snapshot: snapshot) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [LeasedTask] {
        await transaction(seen: { .claim(request, $0) }) { $0.claim(request) }
    }

    public func release(_ attempts: [AttemptFence]) async throws(StoreError) -> [AttemptFence] {
        await transaction(seen: { .release(attempts, released: $0) }) { $0.release(attempts) }
    }

    public func openSession(
        _ session: SessionRecord, held: [HeldAttempt]
    ) async throws(StoreError) -> SessionSettlement {
        let isOver = await transaction { tables in
            guard let limit = tables.quotas.quotas[session.tenant]?[.workers], tables.sessions[session.id] == nil else {
                return false
            }
            return tables.usage(of: session.tenant)[.workers, default: 0] >= Int64(limit)
        }
        if isOver { throw .refused(code: StoreError.code(of: .workers), detail: "over quota") }
        return await transaction(seen: { .openSession(session, held: held, $0) }) {
            $0.openSession(session, held: held)
        }
    }

    public func renewSessions(_ sessions: [SessionID], lease: Duration) async throws(StoreError) -> Set<SessionID> {
        await transaction(seen: { .renewSessions(alive: $0, lease: lease) }) {
            $0.renewSessions(sessions, lease: lease)
        }
    }

    public func leases(
        of sessions: [SessionID], olderThan age: Duration
    ) async throws(StoreError) -> [LeasedTask] {
        await transaction { tables in
            tables.attempts.values
                .filter { sessions.contains($0.fence.session) && $0.leasedAt + age < tables.now }.map(\.leased)
        }
    }

    public func closeSession(_ session: SessionID) async throws(StoreError) {
        await transaction(seen: { .closeSession(session) }) { $0.closeSession(session) }
    }

    public func rescue(limit: Int, lease: Duration) async throws(StoreError) -> [RescuedAttempt] {
        await transaction(seen: { .rescue($0) }) { $0.rescue(limit: limit, lease: lease) }
    }

    public func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        await transaction(seen: { .fireTimers($0) }) { $0.fireTimers(limit: limit) }
    }

    public func postInbox(_ messages: [InboxMessage]) async throws(StoreError) {
        await transaction(seen: { (_: Void) in .postInbox(messages) }) { tables in
            for message in messages where tables.inbox[message.id] == nil {
                tables.inbox[message.id] = (message, tables.now)
            }
        }
    }

    public func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage] {
        await transaction { tables in
            tables.inbox.values.filter { $0.at + age <= tables.now }.prefix(limit).map(\.message)
        }
    }

    public func loadRuns(_ requests: [RunLoad]) async throws(StoreError) -> [RunRecord] {
        await transaction { tables in
            requests.compactMap { request in
                guard let run = tables.runs[request.key] else { return nil }
                let transitions = run.history.map(\.transition).filter { $0.revision > request.knownRevision ?? -1 }
                return RunRecord(
                    key: request.key, flow: run.flow, state: run.state, revision: run.revision, input: run.input,
                    traceparent: run.traceparent, parent: run.parent, depth: run.depth, urgency: run.urgency,
                    createdAt: run.createdAt, ending: run.ending, labels: run.labels,
                    transitions: transitions)
            }
        }
    }

    public func readEvents(
        after position: EventPosition?, limit: Int, isTold: Bool
    ) async throws(StoreError) -> EventPage {
        await transaction { tables in
            let end = EventPosition(epoch: 1, transaction: tables.transaction - 1, tenant: TenantID(.max))
            guard let position else { return EventPage(rows: [], position: end, gap: false) }
            guard position.epoch == 1 else { return EventPage(rows: [], position: end, gap: true) }
            var rows = Array(tables.events[tables.firstEvent(after: position)...].prefix(limit))
            if !isTold {
                for index in rows.indices where !rows[index].mayHaveStopped { rows[index].payload = [] }
            }
            return EventPage(rows: rows, position: rows.last?.position ?? position, gap: false)
        }
    }

    public func readyBuckets() async throws(StoreError) -> [ReadyBucket] {
        await transaction { tables in
            var lowest: [Bucket: Rank] = [:]
            for token in tables.ready.values {
                lowest[token.row.bucket] = min(lowest[token.row.bucket] ?? .max, token.row.rank)
            }
            return lowest.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) }
        }
    }

    public func now() async throws(StoreError) -> Timestamp { time() }
}
