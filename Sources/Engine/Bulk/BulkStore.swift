public import Workflows

/// Where jobs over many runs are kept: apart from `Store`, because no commit touches them.
public protocol BulkStore: Sendable {
    /// Writes a job and its runs in one transaction. The times are the store's.
    func createJob(_ job: BulkJob, items: [BulkItem]) async throws(StoreError) -> BulkJob

    func job(_ id: RunID.Bytes, tenant: TenantID) async throws(StoreError) -> BulkJob?

    /// Newest first; `before` is the last job of the page before.
    func jobs(before: RunID.Bytes?, limit: Int, tenant: TenantID) async throws(StoreError) -> [BulkJob]

    /// The runs of a job after a number, of one outcome where it is given.
    func results(
        of id: RunID.Bytes, outcome: BulkJob.Outcome?, after number: Int32, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> [BulkResult]

    /// Deals with no further run. Answers the job as it is now; one that has ended stays as it is.
    func cancelJob(_ id: RunID.Bytes, tenant: TenantID, by: String) async throws(StoreError) -> BulkJob?

    /// The next runs of a job that is due and that no other node has taken on, leased to this one.
    func claimJob(node: SessionID, lease: Duration, limit: Int) async throws(StoreError) -> BulkClaim?

    /// Writes what became of the runs of a claim.
    ///
    /// - Parameter pause: The next runs are not due before this has passed.
    /// - Returns: `false` when the claim is not this node's any more; then nothing was written.
    func recordResults(
        _ results: [BulkResult], of claim: BulkClaim, node: SessionID, pause: Duration
    ) async throws(StoreError) -> Bool
}
