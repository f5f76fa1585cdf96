import JSON

/// Issues tokens: for `token create`, for a development server, for dashboard sessions.
public struct TokenMinter: Sendable {
    private let key: SigningKey
    private let issuer: String
    private let audience: String

    public init(key: SigningKey, issuer: String, audience: String) {
        self.key = key
        self.issuer = issuer
        self.audience = audience
    }

    /// A signed token.
    ///
    /// - Parameters:
    ///   - lifetime: how long it is valid, in seconds.
    ///   - now: seconds since 1970.
    ///   - id: the `jti`; unique, for the audit.
    public func mint(
        subject: String, tenant: String, roles: Set<Role>, customRoles: [String] = [], lifetime: Int64, now: Int64,
        id: String
    ) throws(KeyError) -> String {
        guard Principal.isTenantName(tenant) else { throw KeyError("\(tenant) is not a tenant's name") }
        guard !roles.isEmpty || !customRoles.isEmpty else { throw KeyError("a token needs a role") }
        let claims: JSONValue = [
            "iss": .string(issuer), "aud": .string(audience), "sub": .string(subject), "tenant": .string(tenant),
            "roles": .array((roles.map(\.rawValue) + customRoles).sorted().map { .string($0) }),
            "iat": .int(now), "exp": .int(now + lifetime), "jti": .string(id),
        ]
        return try key.key.sign(claims.bytes())
    }
}
