public import Engine
private import Synchronization
public import Workflows

/// A tenant with a queue and a route in some store, and makers of batches for it: what store tests share.
public final class StoreFixture: Sendable {
    public let store: any Store & Catalog
    public let tenant: TenantID
    public let bucket: Bucket
    public let flow: FlowVersionID
    private let ranks = Atomic<Int64>(1_000)

    public static func make(on store: any Store & Catalog) async throws -> StoreFixture {
        let tenant = try await store.ensureTenant(named: "tenant-\(UInt64.random(in: 0 ... .max))")
        let queue = try await store.queue(named: "default", tenant: tenant)
        let route = try await store.route(taskType: "noop-\(tenant.value)", pool: "io")
        let applied = try await store.apply(
            [
                DefinitionRecord(
                    name: "flow", canonical: Array("{}".utf8), digest: [1, 2, 3], source: Array("name: flow".utf8))
            ],
            tenant: tenant)
        return StoreFixture(
            store: store, tenant: tenant, bucket: Bucket(tenant: tenant, queue: queue, route: route),
            flow: applied[0].flow)
    }

    private init(store: any Store & Catalog, tenant: TenantID, bucket: Bucket, flow: FlowVersionID) {
        self.store = store
        self.tenant = tenant
        self.bucket = bucket
        self.flow = flow
    }

    // MARK: Ids

    public static func randomBytes() -> RunID.Bytes {
        RunID.Bytes(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
    }

    /// A fresh run id of today, so that rows fall into the partitions that fresh rows fall into.
    public func makeKey() async throws -> RunKey {
        RunKey(tenant: tenant, run: RunID(at: try await store.now(), random: Self.randomBytes()))
    }

    public func makeBatch() -> CommitBatch { CommitBatch(id: BatchID(Self.randomBytes())) }

    public func nextRank() -> Rank { ranks.wrappingAdd(1, ordering: .relaxed).newValue }

    public func fragment(_ key: RunKey, revision: Int64, state: RunLifecycle) -> [UInt8] {
        Array(
            #"{"r":"\#(key.run.bytes.uuidText)","v":\#(revision),"s":"\#(state.text)","f":\#(flow.value),"t":[]}"#.utf8)
    }

    /// A limit of the fixture's flow; a newer version may have other terms.
    public func limit(_ level: LimitLevel, _ name: String, slots: Int32, newer: Int64 = 0) -> Limit {
        Limit(tenant: tenant, level: level, name: name, slots: slots, flow: FlowVersionID(flow.value + newer))
    }

    // MARK: Rows

    public func start(
        _ key: RunKey, input: String = "{}", idempotency: IdempotencyRecord? = nil
    ) -> RunStart {
        RunStart(
            key: key, flow: flow, state: .running, revision: 1, input: Array(input.utf8), idempotency: idempotency,
            traceparent: nil, labels: nil, ending: nil, event: fragment(key, revision: 1, state: .running))
    }

    public func ready(
        _ key: RunKey, step: Int32 = 0, attempt: Int32 = 0, rank: Rank? = nil, lease: SessionID? = nil
    ) -> ReadyRow {
        ReadyRow(
            key: key, bucket: bucket, rank: rank ?? nextRank(), step: step, attempt: attempt, losses: 0, lease: lease)
    }

    public func advance(
        _ key: RunKey, from revision: Int64, to state: RunLifecycle = .running, output: String? = nil,
        failure: StepFailure? = nil
    ) -> RunAdvance {
        RunAdvance(
            key: key, expectedRevision: revision, revision: revision + 1, state: state,
            ending: state.isEnded ? RunEnding(output: output.map { Array($0.utf8) }, failure: failure) : nil,
            event: fragment(key, revision: revision + 1, state: state))
    }

    public func transition(
        _ key: RunKey, revision: Int64, step: Int32 = 0, attempt: Int32 = 1, state: StepState = .succeeded,
        output: String? = nil, failure: StepFailure? = nil, session: SessionID? = nil
    ) -> TransitionRow {
        TransitionRow(
            key: key,
            transition: StepTransition(
                step: step, attempt: attempt, state: state, output: output.map { Array($0.utf8) }, failure: failure,
                at: Timestamp(microseconds: 1_700_000_000_000_000 + revision), revision: revision),
            session: session)
    }

    // MARK: Whole moves

    /// Starts a run whose steps are ready.
    @discardableResult
    public func startRun(
        steps: Int32 = 1, lease: SessionID? = nil, rank: Rank? = nil
    ) async throws -> (key: RunKey, outcome: CommitOutcome) {
        let key = try await makeKey()
        var batch = makeBatch()
        batch.starts = [start(key)]
        for step in 0..<steps { batch.ready.append(ready(key, step: step, rank: rank, lease: lease)) }
        return (key, try await store.commit(batch))
    }

    /// A batch that records a step's success and ends its run.
    public func finishBatch(
        _ fence: AttemptFence, revision: Int64 = 1, ends: Bool = true, output: String? = nil
    ) -> CommitBatch {
        var batch = makeBatch()
        batch.advances = [advance(fence.key, from: revision, to: ends ? .succeeded : .running)]
        batch.finishes = [fence]
        batch.transitions = [
            transition(
                fence.key, revision: revision + 1, step: fence.step, attempt: fence.attempt, output: output,
                session: fence.session)
        ]
        return batch
    }

    public func openSession(lease: Duration = .seconds(60), held: [HeldAttempt] = []) async throws -> SessionID {
        let session = SessionID(Self.randomBytes())
        _ = try await store.openSession(record(session, lease: lease), held: held)
        return session
    }

    public func record(_ session: SessionID, lease: Duration = .seconds(60)) -> SessionRecord {
        SessionRecord(
            id: session, tenant: tenant, worker: "worker", node: SessionID(Self.randomBytes()), lease: lease,
            capabilities: Array("{}".utf8), routes: [bucket.route])
    }

    public func claim(
        _ slots: [SessionID], lowWater: Rank = .min, buckets: [Bucket]? = nil, isGuarded: Bool = false,
        breaker: LimitID? = nil
    ) async throws -> [LeasedTask] {
        try await store.claim(
            ClaimRequest(
                buckets: (buckets ?? [bucket]).map { ClaimBucket(bucket: $0, lowWater: lowWater) }, slots: slots,
                isGuarded: isGuarded, breaker: breaker))
    }
}
