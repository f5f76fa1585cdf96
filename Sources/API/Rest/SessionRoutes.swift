import Access
import HTTP
import JSON
import Telemetry

/// `/v1/session`: a browser trades a one-time code for a cookie that its scripts cannot read.
struct SessionRoutes: Sendable {
    /// How long a browser stays signed in, in seconds.
    static let lifetime: Int64 = 12 * 3600

    private let minter: TokenMinter?
    private let gate: Gate
    private let codes = SignInCodes()

    init(parts: APIParts, gate: Gate) {
        minter = parts.minter
        self.gate = gate
    }

    var routes: [Route] {
        [
            Route("GET", "/v1/session", "getSession", get),
            Route(open: "POST", "/v1/session", "createSession", create),
            Route("DELETE", "/v1/session", "deleteSession", delete),
            Route("POST", "/v1/session/codes", "createSessionCode", issue),
        ]
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        .json { $0.session(call.caller.principal) }
    }

    private func create(_ request: HTTPRequest, _ requestID: String) async throws -> HTTPResponse {
        // Without this, another site could sign a browser in under an account of its own choice.
        try Gate.refuseCrossSite(request)
        guard let minter else { throw Self.unavailable }
        let body = try await request.object(limit: 4 << 10, members: ["code"])
        guard let code = body["code"]?.stringValue, (1...200).contains(code.utf8.count) else {
            throw Problem(400, "invalid_body", "The body needs the field code, a string of 1 to 200 bytes.")
        }
        let now = gate.seconds
        try gate.limiter.checkFailures(of: request)
        guard let principal = codes.redeem(code, now: now) else {
            gate.limiter.noteFailure(of: request)
            throw Problem(
                401, "invalid_code",
                "The code was used, has expired, or never was one; ask for a new one: beamline dashboard")
        }
        let lifetime = min(Self.lifetime, principal.expiresAt - now)
        let id = String(UInt64.random(in: 0 ... .max), radix: 36)
        let token = try minter.mint(
            subject: principal.subject, tenant: principal.tenant, roles: principal.roles,
            customRoles: principal.customRoles, lifetime: lifetime, now: now, id: id)
        let session = Principal(
            subject: principal.subject, tenant: principal.tenant, roles: principal.roles,
            customRoles: principal.customRoles, extra: principal.permissions, grants: principal.grants,
            expiresAt: now + lifetime)
        return .json(
            fields: ["set-cookie": SessionCookie.set(token: token, maxAge: lifetime, secure: request.isTLS)]
        ) { $0.session(session) }
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        HTTPResponse(status: 204, fields: ["set-cookie": SessionCookie.clear(secure: call.request.isTLS)])
    }

    private func issue(_ call: Call) async throws -> HTTPResponse {
        guard minter != nil else { throw Self.unavailable }
        // A session is a token of its own, so it would outlive the key; and a key is for a service.
        guard call.caller.principal.kind == .token else {
            throw Problem(403, Denial.code, "An API key cannot sign a person in; use a token.")
        }
        var generator = SystemRandomNumberGenerator()
        let issued = codes.issue(for: call.caller.principal, now: gate.seconds, using: &generator)
        return .json(201) { writer in
            writer.object { members in
                members.string("code", issued.code)
                members.string("expires_at", WallTime(seconds: issued.expiresAt).rfc3339)
            }
        }
    }

    private static let unavailable = Problem(
        503, "sessions_unavailable", "This server has no signing key, so nobody can sign in by code.")
}
