import Synchronization

/// Turns what a request brings, a token, an API key, a session's cookie or a certificate, into an identity; one that
/// comes with every request is verified once.
///
/// Two generations of bounded size, by the credential's digest: when the young one is full it becomes the old one, so
/// what is still in use survives and memory never grows. Refusals are not remembered. A change in a tenant (a key
/// revoked, a role changed, the tenant suspended) makes everything of that tenant forgotten.
public final class Authenticator: Sendable {
    /// What is remembered of one way to come is nothing to another: a certificate's fingerprint is no secret, and a
    /// cookie's text no bearer token.
    private struct Key: Hashable {
        enum Source: Hashable { case bearer, cookie, certificate }

        let source: Source
        let digest: Digest
    }

    private struct State {
        var young: [Key: Identity] = [:]
        var old: [Key: Identity] = [:]
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

    /// The identity of a token or API key that has been verified before and is remembered.
    public func remembered(_ credential: String, now: Int64) -> Identity? {
        guard credential.utf8.count <= TokenVerifier.maximumLength else { return nil }
        return remembered(Key(source: .bearer, digest: Digest(of: credential)), now: now)
    }

    /// The identity of a session's cookie that has been looked up before and is remembered.
    public func remembered(cookie text: String, now: Int64) -> Identity? {
        guard let session = SessionText(text) else { return nil }
        return remembered(Key(source: .cookie, digest: session.digest), now: now)
    }

    /// The identity of a token or an API key.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `TokenError`, `TenantRefusal`, `IssuerUnavailable`, or what the directory throws.
    public func authenticate(_ credential: String, now: Int64) async throws -> Identity {
        guard credential.utf8.count <= TokenVerifier.maximumLength else {
            throw TokenError(.tooLarge, "The token is longer than \(TokenVerifier.maximumLength) bytes.")
        }
        let digest = Digest(of: credential)
        let key = Key(source: .bearer, digest: digest)
        if let known = remembered(key, now: now) { return known }
        let changes = state.withLock { $0.changes }
        let identity: Identity
        if APIKeyText.isMeant(credential) {
            guard APIKeyText(credential) != nil else {
                throw TokenError(.malformed, "That begins like an API key, but has not the form of one.")
            }
            identity = try await resolve(.key(digest), now: now)
        } else {
            identity = try await resolve(.token(try await verified(credential, now: now)), now: now)
        }
        let shared = identity.sharing(gauges(of: identity))
        shared.use(at: now)
        remember(key, shared, since: changes)
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

    /// The identity of a browser's cookie. The same text as a bearer token is nothing.
    public func authenticate(cookie text: String, now: Int64) async throws -> Identity {
        guard let session = SessionText(text) else {
            throw TokenError(.sessionUnknown, "The cookie is not a session's; sign in.")
        }
        return try await identity(Key(source: .cookie, digest: session.digest), now: now) { .session(session.digest) }
    }

    /// The identity of a verified client certificate.
    public func authenticate(certificate: ClientCertificate, now: Int64) async throws -> Identity {
        try await identity(Key(source: .certificate, digest: certificate.digest), now: now) { () throws(TokenError) in
            .certificate(try certificate.principal(now: now))
        }
    }

    private func identity(
        _ key: Key, now: Int64, _ credential: () throws(TokenError) -> Identity.Credential
    ) async throws -> Identity {
        if let known = remembered(key, now: now) { return known }
        let changes = state.withLock { $0.changes }
        let identity = try await resolve(try credential(), now: now)
        let shared = identity.sharing(gauges(of: identity))
        remember(key, shared, since: changes)
        return shared
    }

    /// A key that is not known may be new at its issuer, which is asked then, at most every few seconds.
    private func verified(_ credential: String, now: Int64) async throws -> VerifiedToken {
        let token = try SignedToken(credential)
        do {
            return try verifier.check(token, now: now)
        } catch {
            guard error.code == .unknownKey, let source = verifier.issuer(of: token)?.source,
                try await source.refresh(now: now)
            else { throw error }
            return try verifier.check(token, now: now)
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
        case .token(let token):
            let claims = token.principal
            guard verifier.takes(keyID: token.keyID, of: token.issuer) else {
                throw TokenError(.unknownKey, "The token was signed with a key that this server no longer takes.")
            }
            guard let standing = try await directory.standing(of: claims) else {
                throw TenantRefusal.notFound(claims.tenant)
            }
            try standing.check(claims.subject, of: claims.tenant)
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
                kind: .key, subject: known.key.subject, tenant: known.tenantName, roleNames: known.key.roles,
                standing: known.standing, expiresAt: end, tokenID: known.key.id)
            return Identity(principal, tenant: known.standing.tenant, credential: credential)
        case .session(let digest):
            guard let known = try await directory.session(digest: digest) else {
                throw TokenError(.sessionUnknown, "There is no such session; sign in again.")
            }
            let signIn = known.signIn
            guard now < signIn.expiresAt else {
                throw TokenError(.sessionExpired, "The session has expired; sign in again.")
            }
            let lostItsKey = signIn.keyID.map { !verifier.takesLocal(keyID: $0) } ?? false
            guard known.endedAt == nil, !known.standing.isRevoked, !lostItsKey else {
                throw TokenError(.sessionEnded, "The session was ended; sign in again.")
            }
            try known.standing.check(signIn.subject, of: signIn.tenant)
            let principal = Principal(
                kind: .session, subject: signIn.subject, tenant: signIn.tenant, roleNames: signIn.roles,
                standing: known.standing, expiresAt: signIn.expiresAt, tokenID: known.id)
            return Identity(principal, tenant: known.standing.tenant, credential: credential)
        case .certificate(let claims):
            guard let standing = try await directory.standing(of: claims) else {
                throw TenantRefusal.notFound(claims.tenant)
            }
            try standing.check(claims.subject, of: claims.tenant)
            guard !standing.isRevoked else {
                throw TokenError(.certificateRevoked, "The certificate was revoked; use a new one.")
            }
            return Identity(
                claims.adding(standing.permissions, standing.grants), tenant: standing.tenant, credential: credential)
        }
    }

    /// What is remembered and has not ended.
    private func remembered(_ key: Key, now: Int64) -> Identity? {
        let found: Identity? = state.withLock { state in
            if let identity = state.young[key] { return identity }
            guard let identity = state.old.removeValue(forKey: key) else { return nil }
            state.young[key] = identity
            return identity
        }
        guard let found, now < found.principal.expiresAt else { return nil }
        found.use(at: now)
        return found
    }

    private func remember(_ key: Key, _ identity: Identity, since changes: Int) {
        state.withLock { state in
            guard state.changes == changes else { return }
            if state.young.count >= capacity {
                state.old = state.young
                state.young = [:]
            }
            state.young[key] = identity
        }
    }
}

extension PrincipalStanding {
    /// Whether its tenant lets the subject in at all.
    fileprivate func check(_ subject: String, of tenant: String) throws(TenantRefusal) {
        guard !isSuspended else { throw .suspended(tenant) }
        guard !isUserSuspended else { throw .userSuspended(subject) }
    }
}

extension Principal {
    /// Of a record in the database.
    fileprivate init(
        kind: Kind, subject: String, tenant: String, roleNames: [String], standing: PrincipalStanding,
        expiresAt: Int64, tokenID: String
    ) {
        self.init(
            kind: kind, subject: subject, tenant: tenant, roles: Set(roleNames.compactMap { Role(rawValue: $0) }),
            customRoles: roleNames.filter { Role(rawValue: $0) == nil }, extra: standing.permissions,
            grants: standing.grants, expiresAt: expiresAt, tokenID: tokenID)
    }
}
