import Synchronization

/// Turns what a request brings, a token or an API key, into an identity; one that comes with every request is verified
/// once.
///
/// Two generations of bounded size, by the credential's digest: when the young one is full it becomes the old one, so
/// what is still in use survives and memory never grows. Refusals are not remembered. A change in a tenant (a key
/// revoked, a role changed, the tenant suspended) makes everything of that tenant forgotten.
public final class Authenticator: Sendable {
    private struct State {
        var young: [Digest: Identity] = [:]
        var old: [Digest: Identity] = [:]
        /// By tenant and subject; forgotten all at once when there are too many.
        var gauges: [String: PrincipalGauges] = [:]
        /// Goes up whenever something is forgotten: what was looked up before then is not remembered.
        var changes = 0
    }

    private let verifier: TokenVerifier
    private let directory: any AccessDirectory
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many credentials are remembered at least; at most twice as many.
    public init(_ verifier: TokenVerifier, directory: any AccessDirectory, capacity: Int = 4096) {
        self.verifier = verifier
        self.directory = directory
        self.capacity = capacity
    }

    /// The identity of a credential that has been verified before and is remembered.
    public func remembered(_ credential: String, now: Int64) -> Identity? {
        guard credential.utf8.count <= TokenVerifier.maximumLength,
            let known = remembered(Digest(of: credential)), now < known.principal.expiresAt
        else { return nil }
        known.use(at: now)
        return known
    }

    /// The credential's identity.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `TokenError`, `TenantRefusal`, or what the directory throws.
    public func authenticate(_ credential: String, now: Int64) async throws -> Identity {
        guard credential.utf8.count <= TokenVerifier.maximumLength else {
            throw TokenError(.tooLarge, "The token is longer than \(TokenVerifier.maximumLength) bytes.")
        }
        let digest = Digest(of: credential)
        if let known = remembered(digest), now < known.principal.expiresAt {
            known.use(at: now)
            return known
        }
        let changes = state.withLock { $0.changes }
        let identity: Identity
        if APIKeyText.isMeant(credential) {
            guard APIKeyText(credential) != nil else {
                throw TokenError(.malformed, "That begins like an API key, but has not the form of one.")
            }
            identity = try await resolve(.key(digest), now: now)
        } else {
            identity = try await resolve(.token(try verifier.verify(credential, now: now)), now: now)
        }
        let shared = identity.sharing(gauges(of: identity))
        shared.use(at: now)
        remember(digest, shared, since: changes)
        return shared
    }

    /// The principal's gauges, whichever of its credentials came first.
    private func gauges(of identity: Identity) -> PrincipalGauges {
        state.withLock { state in
            let name = "\(identity.tenant)/\(identity.principal.subject)"
            if let known = state.gauges[name] { return known }
            if state.gauges.count >= 2 * capacity { state.gauges = [:] }
            state.gauges[name] = identity.gauges
            return identity.gauges
        }
    }

    /// Whether the identity still stands as it is: asked for open streams after a change in its tenant.
    ///
    /// - Throws: what the directory throws, when it cannot answer.
    public func stillStands(_ identity: Identity, now: Int64) async throws -> Bool {
        guard now < identity.principal.expiresAt else { return false }
        do {
            return try await resolve(identity.credential, now: now).isSame(as: identity)
        } catch is TokenError {
            return false
        } catch is TenantRefusal {
            return false
        }
    }

    /// Forgets everything of a tenant, or everything.
    public func forget(tenant: Int32?) {
        state.withLock { state in
            state.changes += 1
            guard let tenant else {
                (state.young, state.old) = ([:], [:])
                return
            }
            state.young = state.young.filter { $0.value.tenant != tenant }
            state.old = state.old.filter { $0.value.tenant != tenant }
        }
    }

    /// When keys were used since this was last asked, in seconds since 1970 by the key's id.
    public func takeUses() -> [String: Int64] {
        let identities = state.withLock { Array($0.young.values) + Array($0.old.values) }
        return identities.reduce(into: [:]) { uses, identity in
            if let (id, at) = identity.takeUse() { uses[id] = max(uses[id] ?? 0, at) }
        }
    }

    /// How many credentials are remembered now.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    private func resolve(_ credential: Identity.Credential, now: Int64) async throws -> Identity {
        switch credential {
        case .token(let claims):
            guard let standing = try await directory.standing(of: claims) else {
                throw TenantRefusal.notFound(claims.tenant)
            }
            guard !standing.isSuspended else { throw TenantRefusal.suspended(claims.tenant) }
            guard !standing.isRevoked else {
                throw TokenError(.revoked, "The token was revoked; ask for a new one.")
            }
            return Identity(
                claims.adding(standing.permissions, standing.grants), tenant: standing.tenant, credential: credential)
        case .key(let digest):
            guard let known = try await directory.key(digest: digest) else {
                throw TokenError(.keyUnknown, "There is no such API key; make one: beamline key create NAME")
            }
            guard known.key.revokedAt == nil else { throw TokenError(.keyRevoked, "The API key was revoked.") }
            let end = known.key.expiresAt ?? .max
            guard now < end else { throw TokenError(.keyExpired, "The API key has expired; make a new one.") }
            guard !known.standing.isSuspended else { throw TenantRefusal.suspended(known.tenantName) }
            let principal = Principal(
                kind: .key, subject: known.key.subject, tenant: known.tenantName,
                roles: Set(known.key.roles.compactMap { Role(rawValue: $0) }),
                customRoles: known.key.roles.filter { Role(rawValue: $0) == nil },
                extra: known.standing.permissions, grants: known.standing.grants, expiresAt: end,
                tokenID: known.key.id)
            return Identity(principal, tenant: known.standing.tenant, credential: credential)
        }
    }

    private func remembered(_ digest: Digest) -> Identity? {
        state.withLock { state in
            if let identity = state.young[digest] { return identity }
            guard let identity = state.old.removeValue(forKey: digest) else { return nil }
            state.young[digest] = identity
            return identity
        }
    }

    private func remember(_ digest: Digest, _ identity: Identity, since changes: Int) {
        state.withLock { state in
            guard state.changes == changes else { return }
            if state.young.count >= capacity {
                state.old = state.young
                state.young = [:]
            }
            state.young[digest] = identity
        }
    }
}
