internal import JSON
internal import Synchronization

/// Who asks for what is being done, from where: what the records of a request have in common.
///
/// It goes along with the request's task, and the stores write it beside each change, in the change's own transaction. Work
/// that nobody asked for (a timer, a sweep) has none.
public final class AuditContext: Sendable {
    /// How somebody proved who they are.
    public enum ActorKind: String, Sendable {
        case token
        case key
        /// A browser's session.
        case session
        /// A worker's certificate.
        case certificate
    }

    /// That of the request which the task is about.
    @TaskLocal public static var current: AuditContext?

    /// The tenant's number in the database.
    public let tenant: Int32
    public let subject: String
    /// As `audit_add` of migration 0042 takes it.
    public let json: String
    private let written = Atomic<Bool>(false)

    /// - Parameters:
    ///   - tenant: the actor's.
    ///   - address: the peer's.
    ///   - agent: what the caller's program calls itself; clipped to 200 characters.
    ///   - operation: the entry point's name.
    public init(
        kind: ActorKind, subject: String, tenant: Int32, tenantName: String, address: String, agent: String?,
        operation: String, requestID: String?, traceID: String
    ) {
        self.tenant = tenant
        self.subject = subject
        var members: JSONObject = [
            "kind": .string(kind.rawValue), "subject": .string(subject), "tenant": .string(tenantName),
            "address": .string(address), "operation": .string(operation), "trace": .string(traceID),
        ]
        // PostgreSQL's jsonb has no place for NUL, and a header's field none either.
        if let agent { members["agent"] = .string(String(agent.prefix(200))) }
        if let requestID { members["request"] = .string(requestID) }
        json = JSONValue.object(members).text()
    }

    /// Whether a change was written with it.
    public var isRecorded: Bool { written.load(ordering: .acquiring) }

    /// A change was committed with it.
    public func noteRecorded() { written.store(true, ordering: .releasing) }
}
