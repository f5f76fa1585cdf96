/// A subject that a tenant knows: it has signed in to the dashboard, or has a grant, or was suspended.
public struct UserRecord: Sendable, Equatable {
    /// A token's `sub`; of a provider's people with the provider's name before it.
    public var subject: String
    /// The roles of the last sign-in; empty where there was none.
    public var roles: [String]
    /// Seconds since 1970, like all times here; `nil`: known from grants alone.
    public var firstSeenAt: Int64?
    public var signedInAt: Int64?
    public var suspendedAt: Int64?
    public var suspendedBy: String?
    /// How many sessions are open.
    public var sessions: Int64

    public init(
        subject: String, roles: [String], firstSeenAt: Int64?, signedInAt: Int64?, suspendedAt: Int64?,
        suspendedBy: String?, sessions: Int64
    ) {
        self.subject = subject
        self.roles = roles
        self.firstSeenAt = firstSeenAt
        self.signedInAt = signedInAt
        self.suspendedAt = suspendedAt
        self.suspendedBy = suspendedBy
        self.sessions = sessions
    }
}

/// A session of the dashboard that is open.
public struct OpenSession: Sendable, Equatable {
    /// `ses_…`, by which the log names it.
    public var id: String
    public var roles: [String]
    public var createdAt: Int64
    public var expiresAt: Int64

    public init(id: String, roles: [String], createdAt: Int64, expiresAt: Int64) {
        self.id = id
        self.roles = roles
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// What a tenant knows of its users, and does to them.
///
/// Each change moves the tenant's access epoch in its own transaction, so no node goes on with what was.
public protocol UserStore: Sendable {
    /// By subject, at most so many.
    func users(tenant: Int32, limit: Int) async throws -> [UserRecord]
    /// `nil` when nobody has heard of it.
    func user(_ subject: String, tenant: Int32) async throws -> UserRecord?
    /// Those that are open, the newest first.
    func sessions(of subject: String, tenant: Int32) async throws -> [OpenSession]
    /// Suspends a subject, also one that has never come, or lets it in again. Suspending ends its sessions.
    ///
    /// - Parameter caller: Who asks for it.
    func setSuspended(_ isSuspended: Bool, user subject: String, by caller: String, tenant: Int32) async throws
    /// Answers how many have ended.
    func endSessions(of subject: String, tenant: Int32) async throws -> Int64
}
