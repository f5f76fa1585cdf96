import Synchronization

/// An authenticated principal with its tenant: what a remembered token or key stands for.
public final class Identity: Sendable {
    enum Credential: Sendable {
        /// What the token says, without what the database adds.
        case token(Principal)
        case key(Digest)
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

    /// Whether it speaks for the same principal with the same permissions.
    func isSame(as other: Identity) -> Bool { tenant == other.tenant && principal == other.principal }

    /// The same with other gauges.
    func sharing(_ gauges: PrincipalGauges) -> Identity {
        gauges === self.gauges
            ? self : Identity(principal, tenant: tenant, credential: credential, gauges: gauges)
    }

    func use(at now: Int64) {
        switch credential {
        case .token: break
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
