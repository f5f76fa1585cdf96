import Synchronization

/// A verifier with a memory: a token that comes with every request is verified once.
///
/// Two generations of bounded size, by digest of the token: when the young one is full it becomes the old one, so what
/// is still in use survives and memory never grows. Refusals are not remembered.
public final class Authenticator: Sendable {
    private struct State {
        var young: [Digest: Principal] = [:]
        var old: [Digest: Principal] = [:]
    }

    private let verifier: TokenVerifier
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many verified tokens are remembered at least; at most twice as many.
    public init(_ verifier: TokenVerifier, capacity: Int = 4096) {
        self.verifier = verifier
        self.capacity = capacity
    }

    /// The token's principal.
    ///
    /// - Parameter now: seconds since 1970.
    public func authenticate(_ token: String, now: Int64) throws(TokenError) -> Principal {
        guard token.utf8.count <= TokenVerifier.maximumLength else { return try verifier.verify(token, now: now) }
        let digest = Digest(of: token)
        if let known = remembered(digest), now < known.expiresAt { return known }
        let principal = try verifier.verify(token, now: now)
        remember(digest, principal)
        return principal
    }

    /// How many tokens are remembered now.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    private func remembered(_ digest: Digest) -> Principal? {
        state.withLock { state in
            if let principal = state.young[digest] { return principal }
            guard let principal = state.old.removeValue(forKey: digest) else { return nil }
            state.young[digest] = principal
            return principal
        }
    }

    private func remember(_ digest: Digest, _ principal: Principal) {
        state.withLock { state in
            if state.young.count >= capacity {
                state.old = state.young
                state.young = [:]
            }
            state.young[digest] = principal
        }
    }
}
