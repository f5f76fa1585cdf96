import Access
import Engine
import HTTP
import Synchronization
import Telemetry
import Workflows

/// Lets requests in: who calls, of which tenant, and whether a browser sent it from our own pages.
final class Gate: Sendable {
    private let authenticator: Authenticator
    private let catalog: any Catalog
    private let now: @Sendable () -> WallTime
    private let traceIDs = SplitMix().generator
    private let tenants = Mutex<[String: TenantID]>([:])

    init(authenticator: Authenticator, catalog: any Catalog, now: @escaping @Sendable () -> WallTime) {
        self.authenticator = authenticator
        self.catalog = catalog
        self.now = now
    }

    /// Seconds since 1970.
    var seconds: Int64 { now().microseconds / 1_000_000 }

    /// The caller of a request that may do this.
    func admit(_ request: HTTPRequest, to action: Action?) async throws -> Caller {
        let principal = try authenticate(request)
        if let action { try authorize(principal, action) }
        return Caller(principal: principal, tenant: try await tenant(principal.tenant), trace: trace(of: request))
    }

    /// The principal of a bearer token, or of the session's cookie.
    func authenticate(_ request: HTTPRequest) throws -> Principal {
        if let header = request.fields["authorization"] {
            guard let token = Self.bearer(header) else {
                throw TokenError(.malformed, "The authorization field must read: Bearer TOKEN.")
            }
            return try authenticator.authenticate(token, now: seconds)
        }
        let cookies = request.fields.values(of: "cookie")
        guard let token = SessionCookie.token(in: cookies, secure: request.isTLS) else {
            throw TokenError(.missing, "This needs a token: send authorization: Bearer TOKEN, or sign in.")
        }
        try Self.refuseCrossSite(request)
        return try authenticator.authenticate(token, now: seconds)
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
        let token = octets.dropFirst(7)
        return token.contains(UInt8(ascii: " ")) ? nil : String(token)
    }

    private func tenant(_ name: String) async throws -> TenantID {
        if let known = tenants.withLock({ $0[name] }) { return known }
        guard let found = try await catalog.tenant(named: name) else {
            throw Problem(
                403, "tenant_not_found", "There is no tenant \(name); the token is for one that does not exist.")
        }
        // Only names in verified tokens that the database knows come here, so it stays as small as the list of tenants.
        tenants.withLock { $0[name] = found }
        return found
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
