import Supervision
public import Workflows

extension Engine {
    /// Sets a queue up. This node knows it at once, the others by the event log.
    public func createQueue(
        named name: String, settings: QueueSettings, tenant: TenantID
    ) async throws(EngineError) -> QueueWrite {
        try await noting { () async throws(StoreError) in
            try await catalog.createQueue(named: name, settings: settings, tenant: tenant)
        }
    }

    /// Changes a queue, if it has the version that the caller has seen.
    public func changeQueue(
        named name: String, tenant: TenantID, _ change: QueueChange, ifVersion version: Int64? = nil
    ) async throws(EngineError) -> QueueWrite {
        try await noting { () async throws(StoreError) in
            try await catalog.changeQueue(named: name, tenant: tenant, change, ifVersion: version)
        }
    }

    /// Forgets the settings of an empty queue.
    public func deleteQueue(
        named name: String, tenant: TenantID, ifVersion version: Int64? = nil
    ) async throws(EngineError) -> QueueWrite {
        try await noting { () async throws(StoreError) in
            try await catalog.deleteQueue(named: name, tenant: tenant, ifVersion: version)
        }
    }

    /// The tenant's queues, by name.
    public func queues(tenant: TenantID) async throws(EngineError) -> [QueueRecord] {
        do {
            return try await catalog.queues(tenant: tenant)
        } catch {
            throw .unavailable(error)
        }
    }

    private func noting(
        _ body: () async throws(StoreError) -> QueueWrite
    ) async throws(EngineError) -> QueueWrite {
        do {
            let outcome = try await body()
            switch outcome {
            case .written(let record):
                try await parts.queues.load([record.id])
                try await parts.dispatcher.scan()
                parts.reorders.raise()
                parts.committed()
            case .deleted: parts.committed()
            case .missing, .exists, .versionMismatch, .notEmpty: break
            }
            return outcome
        } catch {
            parts.storeFailed(error, in: "queues")
            throw .unavailable(error)
        }
    }
}
