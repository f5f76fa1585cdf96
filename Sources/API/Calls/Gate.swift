import Access
import Glibc
import HTTP
import TLS
import Telemetry

/// Lets requests in: who calls, of which tenant, and whether a browser sent it from our own pages.
final class Gate: Sendable {
    private let authenticator: Authenticator
    /// What callers and addresses are held to.
    let limiter: RateLimiter
    private let now: @Sendable () -> WallTime
    private let traceIDs = SplitMix().generator

    init(authenticator: Authenticator, limiter: RateLimiter, now: @escaping @Sendable () -> WallTime) {
        self.authenticator = authenticator
        self.limiter = limiter
        self.now = now
    }

    /// Seconds since 1970.
    var seconds: Int64 { now().microseconds / 1_000_000 }

    /// The caller of a request; whether it may do what it asks for is another question.
    func admit(_ request: HTTPRequest) async throws -> Caller {
        Caller(identity: try await authenticate(request), trace: trace(of: request))
    }

    /// Whether the caller passes the entry point's rule, as far as the request's head says.
    ///
    /// - Parameters:
    ///   - path: a parameter of the path.
    ///   - query: a parameter of the query, if it is there.
    static func check(
        _ rule: AccessRule, _ caller: Caller, path: (String) -> String, query: (String) throws -> String?
    ) throws {
        switch rule {
        case .open, .signedIn: break
        case .tenant(let action): try authorize(caller.principal, action)
        case .named(let action, let kind, .path(let name)):
            try authorize(caller.principal, action, kind.resource(path(name)))
        case .named(let action, let kind, .query(let name)):
            // A broken query is of no interest to somebody who may do nothing here.
            try authorizeSomewhere(caller.principal, action)
            try authorize(caller.principal, action, query(name).map { kind.resource($0) } ?? .tenant)
        case .named(let action, _, .content): try authorizeSomewhere(caller.principal, action)
        }
    }

    /// The identity of a bearer token or API key, or of a session's cookie, or of the connection's certificate: what the
    /// request itself says goes first.
    private func authenticate(_ request: HTTPRequest) async throws -> Identity {
        if let header = request.fields["authorization"] {
            guard let token = Self.bearer(header) else {
                throw TokenError(.malformed, "The authorization field must read: Bearer TOKEN.")
            }
            return try await identity(of: token, request)
        }
        let cookies = request.fields.values(of: "cookie")
        guard let cookie = SessionCookie.text(in: cookies, secure: request.isTLS) else {
            if let certificate = request.tls?.peerCertificate {
                return try await authenticator.authenticate(
                    certificate: ClientCertificate(certificate), now: seconds)
            }
            throw TokenError(.missing, "This needs a token: send authorization: Bearer TOKEN, or sign in.")
        }
        try Self.refuseCrossSite(request)
        let identity = try await identity(ofCookie: cookie, request)
        try Self.refuseForged(request, cookie: cookie)
        return identity
    }

    /// The identity of a session that was made just now.
    func identity(of session: SessionText) async throws -> Identity {
        try await authenticator.authenticate(cookie: session.text, now: seconds)
    }

    /// Changes that a browser asks for carry what only the session's own pages can read.
    private static func refuseForged(_ request: HTTPRequest, cookie: String) throws(Problem) {
        guard !CrossSiteCheck.isSafe(request.method) else { return }
        guard let sent = request.fields["x-csrf-token"], SessionText(cookie)?.accepts(csrfToken: sent) == true else {
            throw Problem(
                403, "csrf_token",
                "A change needs x-csrf-token: the csrf_token that GET /v1/session answers; reload the page.")
        }
    }

    /// One that is not remembered may be tried only so often in vain.
    private func identity(of credential: String, _ request: HTTPRequest) async throws -> Identity {
        if let known = authenticator.remembered(credential, now: seconds) { return known }
        return try await limited(request) { now in try await authenticator.authenticate(credential, now: now) }
    }

    private func identity(ofCookie cookie: String, _ request: HTTPRequest) async throws -> Identity {
        if let known = authenticator.remembered(cookie: cookie, now: seconds) { return known }
        return try await limited(request) { now in try await authenticator.authenticate(cookie: cookie, now: now) }
    }

    /// An address that has tried too often in vain is not heard for a while.
    private func limited(
        _ request: HTTPRequest, _ authenticate: (_ now: Int64) async throws -> Identity
    ) async throws -> Identity {
        try limiter.checkFailures(of: request)
        do {
            return try await authenticate(seconds)
        } catch let error as TokenError {
            limiter.noteFailure(of: request)
            throw error
        }
    }

    /// Browsers send the cookie with every request; unsafe ones must come from our own pages.
    static func refuseCrossSite(_ request: HTTPRequest) throws(Problem) {
        guard
            CrossSiteCheck.allows(
                method: request.method, fetchSite: request.fields["sec-fetch-site"], origin: request.fields["origin"],
                target: "\(request.scheme)://\(request.authority)")
        else {
            throw Problem(403, "cross_site", "A browser may send this only from this server's own pages.")
        }
    }

    private static func bearer(_ header: String) -> String? {
        let octets = header.utf8
        // The scheme's name is of either case (RFC 9110 §11.1); a space has the bit already.
        guard octets.count > 7, octets.prefix(7).lazy.map({ $0 | 0x20 }).elementsEqual("bearer ".utf8) else {
            return nil
        }
        // A field's value is native and contiguous, whose octets are searched at once and not one by one.
        let hasSpace = unsafe octets.withContiguousStorageIfAvailable {
            unsafe $0.baseAddress.map { unsafe memchr($0 + 7, 0x20, octets.count - 7) != nil } ?? true
        }
        return hasSpace ?? true ? nil : String(octets.dropFirst(7))
    }

    private func trace(of request: HTTPRequest) -> TraceContext {
        if let header = request.fields["traceparent"],
            let context = TraceContext(traceparent: header, tracestate: request.fields["tracestate"])
        {
            return context
        }
        var generator = traceIDs
        return .root(sampled: false, using: &generator)
    }
}

extension ClientCertificate {
    init(_ certificate: TLSPeerCertificate) {
        self.init(uris: certificate.uris, fingerprint: certificate.fingerprint, expiresAt: certificate.expiresAt)
    }
}
