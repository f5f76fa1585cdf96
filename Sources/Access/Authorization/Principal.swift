/// Who sent a request, as a verified token, API key, session or certificate says, with what the tenant's
/// administrators added to it.
public struct Principal: Sendable, Hashable {
    /// How it proved who it is.
    public enum Kind: String, Sendable, Hashable {
        case token
        case key
        /// A browser, by its cookie.
        case session
        /// A worker, by its certificate.
        case certificate
    }

    public let kind: Kind
    public let subject: String
    /// The tenant's name.
    public let tenant: String
    public let roles: Set<Role>
    /// Names of roles that are the tenant's own; what they allow is in `permissions` once it was looked up.
    public let customRoles: [String]
    /// What may be done to everything of the tenant.
    public let permissions: Permissions
    /// What may be done to single things besides.
    public let grants: [Grant]
    /// When the token or key ends, in seconds since 1970; `Int64.max` for a key without an end.
    public let expiresAt: Int64
    /// The token's `jti`, if it has one; the key's or session's id; `cert:` and the certificate's fingerprint.
    public let tokenID: String?

    /// - Parameter extra: what custom roles allow.
    public init(
        kind: Kind = .token, subject: String, tenant: String, roles: Set<Role>, customRoles: [String] = [],
        extra: Permissions = [], grants: [Grant] = [], expiresAt: Int64, tokenID: String? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.tenant = tenant
        self.roles = roles
        self.customRoles = customRoles
        permissions = roles.reduce(extra) { $0.union($1.permissions) }
        self.grants = grants
        self.expiresAt = expiresAt
        self.tokenID = tokenID
    }

    /// The same principal with what the database knows of it.
    func adding(_ extra: Permissions, _ grants: [Grant]) -> Self {
        Self(
            kind: kind, subject: subject, tenant: tenant, roles: roles, customRoles: customRoles, extra: extra,
            grants: grants, expiresAt: expiresAt, tokenID: tokenID)
    }

    /// All its roles by name, sorted.
    public var roleNames: [String] { (roles.map(\.rawValue) + customRoles).sorted() }

    /// A tenant's name: 1 to 63 of lower-case letters, digits, `-` and `_`, a letter or digit first.
    public static func isTenantName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63, first.isLowerAlphanumeric else { return false }
        return bytes.allSatisfy { $0.isLowerAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension UInt8 {
    fileprivate var isLowerAlphanumeric: Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "0")...UInt8(ascii: "9") ~= self
    }
}
