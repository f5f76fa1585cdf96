/// What the database knows of those who sign in: asked when a token or key is seen for the first time, and again after a
/// change.
public protocol AccessDirectory: Sendable {
    /// What is known of a verified token's tenant, subject and roles; `nil` when there is no such tenant.
    func standing(of principal: Principal) async throws -> PrincipalStanding?
    /// The key with this digest, revoked and expired ones too; `nil` when there is none.
    func key(digest: Digest) async throws -> KeyStanding?
    /// The session whose cookie has this digest, ended and expired ones too; `nil` when there is none.
    func session(digest: Digest) async throws -> SessionStanding?
    /// The access epochs of tenants that changed in the last minute, or of all.
    func accessEpochs(recent: Bool) async throws -> [Int32: Int64]
    /// Notes when keys were last used, in seconds since 1970 by the key's id.
    func noteUse(of keys: [String: Int64]) async throws
}

/// What a tenant's administrators have said about a principal.
public struct PrincipalStanding: Sendable, Equatable {
    /// The tenant's number in the database.
    public var tenant: Int32
    public var isSuspended: Bool
    /// Whether the tenant has suspended the subject.
    public var isUserSuspended: Bool
    /// Whether the token was revoked by its `jti`.
    public var isRevoked: Bool
    /// What its custom roles allow.
    public var permissions: Permissions
    public var grants: [Grant]

    public init(
        tenant: Int32, isSuspended: Bool = false, isUserSuspended: Bool = false, isRevoked: Bool = false,
        permissions: Permissions = [], grants: [Grant] = []
    ) {
        self.tenant = tenant
        self.isSuspended = isSuspended
        self.isUserSuspended = isUserSuspended
        self.isRevoked = isRevoked
        self.permissions = permissions
        self.grants = grants
    }
}

/// A key with what it allows now.
public struct KeyStanding: Sendable {
    public var key: APIKey
    /// The tenant's name.
    public var tenantName: String
    public var standing: PrincipalStanding

    public init(key: APIKey, tenantName: String, standing: PrincipalStanding) {
        self.key = key
        self.tenantName = tenantName
        self.standing = standing
    }
}

/// Why a verified principal is turned away by its tenant.
public enum TenantRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case notFound(String)
    case suspended(String)
    case userSuspended(String)

    /// Stable, for programs.
    public var code: String {
        switch self {
        case .notFound: "tenant_not_found"
        case .suspended: "tenant_suspended"
        case .userSuspended: "user_suspended"
        }
    }

    public var description: String {
        switch self {
        case .notFound(let name): "There is no tenant \(name); the token is for one that does not exist."
        case .suspended(let name): "The tenant \(name) is suspended; ask the platform's administrators."
        case .userSuspended(let subject): "\(subject) is suspended; ask the tenant's administrators."
        }
    }
}
