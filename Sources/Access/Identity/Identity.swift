import Synchronization

/// An authenticated principal with its tenant: what a remembered token, key, session or certificate stands for.
public final class Identity: Sendable {
    enum Credential: Sendable {
        /// What the token says, without what the database adds.
        case token(VerifiedToken)
        case key(Digest)
        case session(Digest)
        /// What the certificate says.
        case certificate(Principal)
    }

    public let principal: Principal
    /// The tenant's number in the database.
    public let tenant: Int32
    let credential: Credential
    /// How many requests it has sent, with all others of its principal.
    public let gauges: PrincipalGauges
    /// Seconds since 1970; 0 when it was not used since that was last noted.
    private let lastUse = Atomic<Int64>(0)

    init(
        _ principal: Principal, tenant: Int32, credential: Credential, gauges: PrincipalGauges = PrincipalGauges()
    ) {
        self.principal = principal
        self.tenant = tenant
        self.credential = credential
        self.gauges = gauges
    }

    /// A session of the dashboard that comes from this token; `nil` for what is no token: a key is a service's, and a
    /// session makes no further ones.
    ///
    /// - Parameter expiresAt: when it ends; not later than the token does. Seconds since 1970.
    public func signIn(expiresAt: Int64) -> SignIn? {
        switch credential {
        case .token(let token):
            SignIn(
                principal, expiresAt: min(expiresAt, principal.expiresAt), keyID: token.isLocal ? token.keyID : nil)
        case .key, .session, .certificate: nil
        }
    }

    /// Whether it speaks for the same principal with the same permissions.
    func isSame(as other: Identity) -> Bool { tenant == other.tenant && principal == other.principal }

    /// The same with other gauges.
    func sharing(_ gauges: PrincipalGauges) -> Identity {
        gauges === self.gauges
            ? self : Identity(principal, tenant: tenant, credential: credential, gauges: gauges)
    }

    func use(at now: Int64) {
        switch credential {
        case .token, .session, .certificate: break
        case .key: lastUse.store(now, ordering: .relaxed)
        }
    }

    /// The key's id and when it was used last, once for each use.
    func takeUse() -> (id: String, at: Int64)? {
        let at = lastUse.exchange(0, ordering: .relaxed)
        guard at > 0, let id = principal.tokenID else { return nil }
        return (id, at)
    }
}
