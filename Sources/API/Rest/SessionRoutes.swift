import Access
import HTTP
import JSON
import Telemetry

/// `/v1/session`: a browser trades a one-time code for a cookie that its scripts cannot read.
struct SessionRoutes: Sendable {
    /// How long a browser stays signed in by a code at most, in seconds.
    static let lifetime: Int64 = 12 * 3600

    private let store: any AccessStore
    private let gate: Gate

    init(parts: APIParts, gate: Gate) {
        store = parts.access
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
        let session = Self.session(of: call)
        return .json { $0.session(call.caller.principal, csrfToken: session?.csrfToken) }
    }

    private func create(_ request: HTTPRequest, _ requestID: String) async throws -> HTTPResponse {
        // Without this, another site could sign a browser in under an account of its own choice.
        try Gate.refuseCrossSite(request)
        let body = try await request.object(limit: 4 << 10, members: ["code"])
        guard let code = body["code"]?.stringValue, (1...200).contains(code.utf8.count) else {
            throw Problem(400, "invalid_body", "The body needs the field code, a string of 1 to 200 bytes.")
        }
        try gate.limiter.checkFailures(of: request)
        guard let signIn = try await store.redeemSignInCode(SignInCode.digest(code)) else {
            gate.limiter.noteFailure(of: request)
            throw Problem(
                401, "invalid_code",
                "The code was used, has expired, or never was one; ask for a new one: beamline dashboard")
        }
        var generator = SystemRandomNumberGenerator()
        let session = SessionText(using: &generator)
        guard try await store.addSession(session, for: signIn) else {
            throw Problem(
                403, Denial.code,
                "The tenant \(signIn.tenant), or \(signIn.subject), is suspended; ask an administrator.")
        }
        let identity = try await gate.identity(of: session)
        let cookie = SessionCookie.set(
            session.text, maxAge: signIn.expiresAt - gate.seconds, secure: request.isTLS)
        return .json(fields: ["set-cookie": cookie]) {
            $0.session(identity.principal, csrfToken: session.csrfToken)
        }
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        if let session = Self.session(of: call) { try await store.endSession(digest: session.digest) }
        return HTTPResponse(status: 204, fields: ["set-cookie": SessionCookie.clear(secure: call.request.isTLS)])
    }

    private func issue(_ call: Call) async throws -> HTTPResponse {
        let now = gate.seconds
        guard let signIn = call.caller.identity.signIn(expiresAt: now + Self.lifetime) else {
            throw Problem(403, Denial.code, "Only a token can sign a person in: a key is a service's. Use a token.")
        }
        var generator = SystemRandomNumberGenerator()
        let code = SignInCode.make(using: &generator)
        let expiresAt = min(now + SignInCode.lifetime, signIn.expiresAt)
        try await store.addSignInCode(SignInCode.digest(code), for: signIn, expiresAt: expiresAt)
        return .json(201) { writer in
            writer.object { members in
                members.string("code", code)
                members.string("expires_at", WallTime(seconds: expiresAt).rfc3339)
            }
        }
    }

    /// The session by which a browser has asked.
    private static func session(of call: Call) -> SessionText? {
        guard call.caller.principal.kind == .session else { return nil }
        let cookies = call.request.fields.values(of: "cookie")
        return SessionCookie.text(in: cookies, secure: call.request.isTLS).flatMap { SessionText($0) }
    }
}
