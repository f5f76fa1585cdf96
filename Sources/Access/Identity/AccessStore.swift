/// The slow tables of who may do what: keys, custom roles, grants, revoked tokens, tenants.
///
/// Each change moves the tenant's access epoch in its own transaction, so no node goes on with what was.
public protocol AccessStore: AccessDirectory, UserStore {
    /// Stores a key's digest with its grants.
    ///
    /// - Returns: `nil` when the tenant has a key with this id already: make another.
    func addKey(_ key: NewAPIKey, tenant: Int32) async throws -> APIKey?
    /// Newest first, revoked and expired ones too.
    func keys(tenant: Int32) async throws -> [APIKey]
    /// The key as it is now; one that was revoked before stays so. `nil` when there is none.
    func revokeKey(_ id: String, by subject: String, tenant: Int32) async throws -> APIKey?
    /// - Parameter expiresAt: when the token ends by itself, after which this is forgotten; seconds since 1970.
    func revokeToken(_ id: String, expiresAt: Int64, by subject: String, tenant: Int32) async throws

    /// Keeps a code by its digest until it is redeemed.
    ///
    /// - Parameter expiresAt: when the code ends, in seconds since 1970.
    func addSignInCode(_ digest: Digest, for signIn: SignIn, expiresAt: Int64) async throws
    /// Who signs in by this code, which is used up by this; `nil` when it was used, has expired or never was one.
    func redeemSignInCode(_ digest: Digest) async throws -> SignIn?
    /// Stores a session by its digest.
    ///
    /// - Returns: `false` when there is no such tenant, or it or the user is suspended.
    func addSession(_ session: SessionText, for signIn: SignIn) async throws -> Bool
    /// Ends a session on every node; one that has ended stays so.
    func endSession(digest: Digest) async throws

    /// The tenant's own roles, by name.
    func roles(tenant: Int32) async throws -> [CustomRole]
    func putRole(_ role: CustomRole, tenant: Int32) async throws
    func deleteRole(_ name: String, tenant: Int32) async throws -> Bool

    /// By subject.
    func grants(tenant: Int32) async throws -> [SubjectGrant]
    func addGrant(_ grant: SubjectGrant, tenant: Int32) async throws
    func removeGrant(_ grant: SubjectGrant, tenant: Int32) async throws -> Bool

    /// By name.
    func tenants() async throws -> [TenantRecord]
    /// `false` when there is no such tenant.
    func setSuspended(_ isSuspended: Bool, tenant name: String) async throws -> Bool
}

/// A key that is about to be stored.
public struct NewAPIKey: Sendable {
    public var id: String
    public var digest: Digest
    public var name: String
    public var roles: [String]
    public var grants: [NamedGrant]
    public var createdBy: String
    /// Seconds since 1970; `nil` for a key without an end.
    public var expiresAt: Int64?

    public init(
        _ text: APIKeyText, name: String, roles: [String], grants: [NamedGrant], createdBy: String, expiresAt: Int64?
    ) {
        id = text.id
        digest = text.digest
        self.name = name
        self.roles = roles
        self.grants = grants
        self.createdBy = createdBy
        self.expiresAt = expiresAt
    }
}

/// A role of a tenant's own.
public struct CustomRole: Sendable, Equatable {
    public var name: String
    public var permissions: Permissions

    public init(name: String, permissions: Permissions) {
        self.name = name
        self.permissions = permissions
    }
}

/// A role on one thing for one subject: a token's `sub`, or `key:` and a key's id.
public struct SubjectGrant: Sendable, Hashable {
    public var subject: String
    public var grant: NamedGrant

    public init(subject: String, grant: NamedGrant) {
        self.subject = subject
        self.grant = grant
    }
}

/// A tenant as lists show it.
public struct TenantRecord: Sendable, Equatable {
    public var name: String
    /// Seconds since 1970.
    public var createdAt: Int64
    public var suspendedAt: Int64?

    public init(name: String, createdAt: Int64, suspendedAt: Int64?) {
        self.name = name
        self.createdAt = createdAt
        self.suspendedAt = suspendedAt
    }
}
