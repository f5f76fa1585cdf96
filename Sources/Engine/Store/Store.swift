public import Workflows

/// The engine's port to durable state: about ten coarse, set-based methods.
///
/// Two adapters pass one conformance suite: `PostgresStore`, and a small in-memory store in the tests. Every method is
/// one transaction; after it returns, what it reports is durable. Times are the store's own clock, never the caller's.
/// Lists and searches are a separate read port (`RunReader`) without a twin.
public protocol Store: Reranking, LimitStore, BreakerStore, EvidenceReader, QuotaStore, OutcomeStore {
    /// Writes one batch; runs that lost a race, stale fences and duplicates are excluded and reported, the rest commits.
    ///
    /// - Throws: `StoreError.unavailable` when nothing was written. An unknown outcome is resolved inside, by the
    ///   batch id in the event row, before this returns.
    func commit(_ batch: CommitBatch) async throws(StoreError) -> CommitOutcome

    /// Moves the lowest-ranked ready tokens of the named buckets to `attempts`, one for each offered slot at most.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> [LeasedTask]

    /// Returns leased attempts to `ready` with no loss counted (a revoked assignment); a fence that moved on is skipped.
    func release(_ attempts: [AttemptFence]) async throws(StoreError) -> [AttemptFence]

    /// Opens or takes over a worker session and settles what it holds (engine rule 21).
    func openSession(_ session: SessionRecord, held: [HeldAttempt]) async throws(StoreError) -> SessionSettlement

    /// Extends the lease of live sessions; answers those that are still alive. An expired session is never revived.
    func renewSessions(_ sessions: [SessionID], lease: Duration) async throws(StoreError) -> Set<SessionID>

    /// Attempts leased to these sessions for longer than `age`.
    func leases(of sessions: [SessionID], olderThan age: Duration) async throws(StoreError) -> [LeasedTask]

    /// Ends a session: its attempts return to `ready` with no loss counted.
    func closeSession(_ session: SessionID) async throws(StoreError)

    /// Moves attempts without a live session to `ready`, counting a loss and keeping a `lost` record of each; in a mass
    /// expiry no loss is counted. Suspects that were alone on their worker stay, to be quarantined (`Quarantine`).
    ///
    /// - Parameter lease: Of sessions. At most a third of it is left of the lease of one that has not been heard of lately.
    func rescue(limit: Int, lease: Duration) async throws(StoreError) -> [RescuedAttempt]

    /// Moves due retry and delay timers to `ready`; answers the due run deadlines and due steps, whose rows the batch
    /// that applies them deletes (`CommitBatch.firedRunTimers`, `CommitBatch.clearedDues`).
    func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers

    /// Commands to runs, written durably by whoever acknowledged them; the batch that applies them deletes them.
    func postInbox(_ messages: [InboxMessage]) async throws(StoreError)
    func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage]

    /// Loads runs, each with the transitions newer than the revision that the caller knows (`nil`: all).
    func loadRuns(_ requests: [RunLoad]) async throws(StoreError) -> [RunRecord]

    /// Event rows after a position in commit order, below the snapshot horizon (engine rule 24). Without a position it
    /// answers no rows and the position of now, from which a reader goes on.
    ///
    /// - Parameter isTold: Somebody reads what the rows tell. Else only those that may have stopped a run have a payload.
    func readEvents(after position: EventPosition?, limit: Int, isTold: Bool) async throws(StoreError) -> EventPage

    /// Buckets that have at least one ready token: the full scan behind the low-water marks.
    func readyBuckets() async throws(StoreError) -> [ReadyBucket]

    /// The store's clock.
    func now() async throws(StoreError) -> Timestamp
}

/// Why a store call had no effect.
public enum StoreError: Error, Sendable {
    /// The database cannot be reached or is shutting down; try again after the hint.
    case unavailable(retryAfter: Duration, detail: String)
    /// The database refused the statement: a defect of ours or of the data; the detail is for the log only.
    case refused(code: String, detail: String)
}

extension Store {
    /// Event rows with all that they tell.
    public func readEvents(after position: EventPosition?, limit: Int) async throws(StoreError) -> EventPage {
        try await readEvents(after: position, limit: limit, isTold: true)
    }
}
