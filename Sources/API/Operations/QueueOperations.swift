import Engine
import HTTP
import Workflows

/// What can be done to queues.
struct QueueOperations: Sendable {
    /// What the caller says of the version that it means.
    enum Condition: Sendable, Equatable {
        case any
        /// There is none yet.
        case absent
        /// There is one, of this version if it is given.
        case present(Int64?)
    }

    private let engine: Engine
    private let reader: any RunReader

    init(parts: APIParts) {
        engine = parts.engine
        reader = parts.reader
    }

    func list(tenant: TenantID) async throws -> [QueueRecord] { try await engine.queues(tenant: tenant) }

    /// What is in the tenant's queues now.
    func loads(tenant: TenantID) async throws -> [QueueID: QueueLoad] { try await reader.queueLoads(tenant: tenant) }

    func queue(_ name: String, tenant: TenantID) async throws -> QueueRecord {
        guard let queue = try await list(tenant: tenant).first(where: { $0.name == name }) else {
            throw Self.missing(name)
        }
        return queue
    }

    /// Sets a queue up, or changes its settings.
    func put(
        _ name: String, _ settings: QueueSettings, if condition: Condition, tenant: TenantID
    ) async throws -> (queue: QueueRecord, isNew: Bool) {
        var version: Int64?
        switch condition {
        case .present(let seen): version = seen
        case .any, .absent:
            let write = try await engine.createQueue(named: name, settings: settings, tenant: tenant)
            switch write {
            case .exists(let queue) where condition == .absent:
                throw Problem(
                    412, "queue_exists", "The queue \"\(name)\" is set up already (version \(queue.version)).",
                    fields: ["etag": "\"\(queue.version)\""])
            case .exists: break
            case .written, .deleted, .missing, .versionMismatch, .notEmpty:
                return (try Self.written(write, name), true)
            }
        }
        return (try await change(name, .settings(settings), ifVersion: version, tenant: tenant), false)
    }

    func pause(_ name: String, if condition: Condition, tenant: TenantID) async throws -> QueueRecord {
        try await change(name, .paused(true), ifVersion: condition.version, tenant: tenant)
    }

    func drain(_ name: String, if condition: Condition, tenant: TenantID) async throws -> QueueRecord {
        try await change(name, .draining(true), ifVersion: condition.version, tenant: tenant)
    }

    /// Ends a pause and a drain.
    func resume(_ name: String, if condition: Condition, tenant: TenantID) async throws -> QueueRecord {
        let queue = try await change(name, .paused(false), ifVersion: condition.version, tenant: tenant)
        guard queue.isDraining else { return queue }
        return try await change(name, .draining(false), ifVersion: queue.version, tenant: tenant)
    }

    func delete(_ name: String, if condition: Condition, tenant: TenantID) async throws {
        let write = try await engine.deleteQueue(named: name, tenant: tenant, ifVersion: condition.version)
        if case .deleted = write { return }
        _ = try Self.written(write, name)
    }

    private func change(
        _ name: String, _ change: QueueChange, ifVersion version: Int64?, tenant: TenantID
    ) async throws -> QueueRecord {
        try Self.written(
            try await engine.changeQueue(named: name, tenant: tenant, change, ifVersion: version), name)
    }

    private static func written(_ write: QueueWrite, _ name: String) throws(Problem) -> QueueRecord {
        switch write {
        case .written(let queue), .exists(let queue): return queue
        case .missing, .deleted: throw missing(name)
        case .versionMismatch(let current):
            throw Problem.versionMismatch("queue", name, tag: "\"\(current)\"")
        case .notEmpty(let tokens): throw Problem.queueNotEmpty(name, tokens: tokens)
        }
    }

    private static func missing(_ name: String) -> Problem {
        Problem(404, "queue_not_found", "There is no queue \"\(name)\".")
    }
}

extension QueueOperations.Condition {
    var version: Int64? {
        switch self {
        case .present(let version): version
        case .any, .absent: nil
        }
    }
}
