public import Workflows

/// The tenants' queues and their settings. Every change raises the queue's version and stands in an event row
/// (`EventRow.queues`), so that all nodes learn of it.
public protocol QueueRegistry: Sendable {
    /// By name. Without those that were deleted and are empty.
    func queues(tenant: TenantID) async throws(StoreError) -> [QueueRecord]
    /// The named ones; what does not exist is missing in the answer.
    func queues(_ ids: [QueueID]) async throws(StoreError) -> [QueueRecord]

    /// Sets a queue up; one that exists only because a workflow names it is taken over.
    func createQueue(
        named name: String, settings: QueueSettings, tenant: TenantID
    ) async throws(StoreError) -> QueueWrite

    /// - Parameter version: The version that the caller has seen; `nil`: any.
    func changeQueue(
        named name: String, tenant: TenantID, _ change: QueueChange, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite

    /// Forgets the settings of a queue that has no tokens. A step that comes later finds a queue with the defaults.
    func deleteQueue(named name: String, tenant: TenantID, ifVersion version: Int64?) async throws(StoreError)
        -> QueueWrite

    /// How the tenants' turns are weighed; tenants that do not exist are missing in the answer.
    func tenantWeights(_ tenants: [TenantID]) async throws(StoreError) -> [TenantID: Int32]
    func setWeight(_ weight: Int32, of tenant: TenantID) async throws(StoreError)
}
