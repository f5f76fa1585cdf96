import Access
import HTTP
import JSON
import Telemetry

/// `/v1/keys` and `/v1/tokens`: what services sign in with, and the end of tokens before their time.
struct KeyRoutes: Sendable {
    /// Longest life of a key that has an end, in seconds: ten years.
    private static let longestLife: Int64 = 10 * 366 * 86_400
    /// Longest life of a token that anybody may have made, in seconds: a year.
    private static let longestToken: Int64 = 366 * 86_400

    let store: any AccessStore
    let now: @Sendable () -> WallTime

    var routes: [Route] {
        [
            Route("GET", "/v1/keys", "listKeys", list),
            Route("POST", "/v1/keys", "createKey", create),
            Route("DELETE", "/v1/keys/{id}", "revokeKey", revoke),
            Route("DELETE", "/v1/tokens/{id}", "revokeToken", revokeToken),
        ]
    }

    private var seconds: Int64 { now().microseconds / 1_000_000 }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let keys = try await store.keys(tenant: call.caller.identity.tenant)
        return .json { writer in
            writer.object { members in
                members.member("keys") { $0.array(keys) { $0.apiKey($1) } }
            }
        }
    }

    private func create(_ call: Call) async throws -> HTTPResponse {
        let body = try await call.object(limit: 64 << 10, members: ["name", "roles", "grants", "lifetime_seconds"])
        guard let name = body["name"]?.stringValue, (1...100).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw Problem(400, "invalid_body", "The body needs the field name, a string of 1 to 100 bytes.")
        }
        let roles = try AccessBody.roles(body["roles"])
        let grants = try AccessBody.grants(body["grants"])
        guard !roles.isEmpty || !grants.isEmpty else {
            throw Problem(422, "invalid_key", "A key needs a role or a grant; it could do nothing.")
        }
        try await RoleCeiling(store: store, caller: call.caller).check(roles + grants.map(\.role))
        var expiresAt: Int64?
        if let given = body["lifetime_seconds"] {
            guard let life = given.intValue, (1...Self.longestLife).contains(life) else {
                throw Problem(400, "invalid_body", "lifetime_seconds must be an integer from 1 to \(Self.longestLife).")
            }
            expiresAt = seconds + life
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5 {
            let text = APIKeyText(using: &generator)
            let key = NewAPIKey(
                text, name: name, roles: roles, grants: grants, createdBy: call.caller.principal.subject,
                expiresAt: expiresAt)
            guard let made = try await store.addKey(key, tenant: call.caller.identity.tenant) else { continue }
            return .json(201) { $0.apiKey(made, text: text.text) }
        }
        throw Problem.internalError
    }

    private func revoke(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id")
        let revoked = try await store.revokeKey(
            id, by: call.caller.principal.subject, tenant: call.caller.identity.tenant)
        guard let revoked else { throw Problem(404, "key_not_found", "There is no API key \"\(id)\".") }
        return .json { $0.apiKey(revoked) }
    }

    private func revokeToken(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id")
        guard id.utf8.count <= 255, !id.utf8.contains(0) else {
            throw Problem(400, "invalid_token_id", "A token's id (jti) has at most 255 bytes.")
        }
        try await store.revokeToken(
            id, expiresAt: seconds + Self.longestToken, by: call.caller.principal.subject,
            tenant: call.caller.identity.tenant)
        return HTTPResponse(status: 204)
    }
}
