/// Who signs in, and what the session comes from.
public struct SignIn: Sendable, Equatable {
    public var subject: String
    /// The tenant's name.
    public var tenant: String
    /// Built-in and custom ones.
    public var roles: [String]
    /// When the session ends, in seconds since 1970.
    public var expiresAt: Int64
    /// The `jti` of the token that it comes from: the session is over when that is revoked.
    public var tokenID: String?
    /// The node's own key that had signed that token: the session is over when that key is taken away.
    public var keyID: String?

    public init(
        subject: String, tenant: String, roles: [String], expiresAt: Int64, tokenID: String? = nil,
        keyID: String? = nil
    ) {
        self.subject = subject
        self.tenant = tenant
        self.roles = roles
        self.expiresAt = expiresAt
        self.tokenID = tokenID
        self.keyID = keyID
    }

    /// Of a person whom a provider or a token has vouched for.
    ///
    /// - Parameter expiresAt: when the session ends, in seconds since 1970.
    public init(_ principal: Principal, expiresAt: Int64, keyID: String? = nil) {
        self.init(
            subject: principal.subject, tenant: principal.tenant, roles: principal.roleNames, expiresAt: expiresAt,
            tokenID: principal.tokenID, keyID: keyID)
    }
}

/// One-time codes by which a browser gets a session without a token ever standing in a URL.
public enum SignInCode {
    /// How long a code is good for, in seconds.
    public static let lifetime: Int64 = 300

    /// A new code of 160 random bits.
    public static func make(using generator: inout some RandomNumberGenerator) -> String {
        RandomText.make(32, using: &generator)
    }

    /// What the database keeps of it.
    public static func digest(_ code: String) -> Digest { Digest(of: code) }
}

/// A session with what it allows now.
public struct SessionStanding: Sendable {
    /// Its id: `ses_…`.
    public var id: String
    public var signIn: SignIn
    /// Seconds since 1970; `nil` while it lasts.
    public var endedAt: Int64?
    /// Revoked: the token that it comes from, or the session by its own id.
    public var standing: PrincipalStanding

    public init(id: String, signIn: SignIn, endedAt: Int64?, standing: PrincipalStanding) {
        self.id = id
        self.signIn = signIn
        self.endedAt = endedAt
        self.standing = standing
    }
}
