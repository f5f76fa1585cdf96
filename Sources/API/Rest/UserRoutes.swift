import Access
import HTTP
import JSON

/// `/v1/users`: whom the tenant knows, and keeping them out. What they may do comes from their tokens, and from grants
/// (`/v1/grants`).
struct UserRoutes: Sendable {
    /// As many as one answer lists.
    private static let most = 1000

    let store: any AccessStore

    var routes: [Route] {
        [
            Route("GET", "/v1/users", "listUsers", list),
            Route("GET", "/v1/users/{subject}", "getUser", get),
            Route("POST", "/v1/users/{subject}/suspend", "suspendUser", suspend),
            Route("POST", "/v1/users/{subject}/resume", "resumeUser", resume),
            Route("DELETE", "/v1/users/{subject}/sessions", "endUserSessions", endSessions),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let users = try await store.users(tenant: call.caller.identity.tenant, limit: Self.most + 1)
        return .json { writer in
            writer.object { members in
                members.member("users") { $0.array(users.prefix(Self.most)) { $0.user($1) } }
                members.bool("more", users.count > Self.most)
            }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let (subject, tenant) = (try subject(call), call.caller.identity.tenant)
        guard let user = try await store.user(subject, tenant: tenant) else {
            throw Problem(404, "user_not_found", "Nobody has heard of a user \"\(subject)\".")
        }
        let grants = try await store.grants(tenant: tenant).filter { $0.subject == subject }
        let sessions = try await store.sessions(of: subject, tenant: tenant)
        return .json { writer in
            writer.object { members in
                members.member("user") { $0.user(user) }
                members.member("grants") { $0.array(grants) { $0.grant($1) } }
                members.member("sessions") { $0.array(sessions) { $0.session($1) } }
            }
        }
    }

    private func suspend(_ call: Call) async throws -> HTTPResponse {
        let (subject, caller) = (try subject(call), call.caller)
        guard subject != caller.principal.subject else {
            throw Problem(409, "own_user", "Nobody can suspend themselves: they could not undo it.")
        }
        try await ceiling(subject, caller)
        try await store.setSuspended(
            true, user: subject, by: caller.principal.subject, tenant: caller.identity.tenant)
        return HTTPResponse(status: 204)
    }

    private func resume(_ call: Call) async throws -> HTTPResponse {
        let (subject, caller) = (try subject(call), call.caller)
        try await store.setSuspended(
            false, user: subject, by: caller.principal.subject, tenant: caller.identity.tenant)
        return HTTPResponse(status: 204)
    }

    private func endSessions(_ call: Call) async throws -> HTTPResponse {
        let subject = try subject(call)
        try await ceiling(subject, call.caller)
        let ended = try await store.endSessions(of: subject, tenant: call.caller.identity.tenant)
        return .json { writer in
            writer.object { $0.integer("ended", ended) }
        }
    }

    /// Who is known as the platform's administrator is so beyond the tenant: only another may keep them out.
    private func ceiling(_ subject: String, _ caller: Caller) async throws {
        guard !caller.mayEverywhere(.manageTenants) else { return }
        let known = try await store.user(subject, tenant: caller.identity.tenant)
        guard known?.roles.contains(Role.platformAdmin.rawValue) != true else {
            throw Problem(403, Denial.code, "\(subject) is a platform-admin: only another platform-admin may do that.")
        }
    }

    private func subject(_ call: Call) throws(Problem) -> String {
        let subject = call.parameter("subject")
        guard (1...512).contains(subject.utf8.count), !subject.utf8.contains(0) else {
            throw Problem(400, "invalid_subject", "A subject has 1 to 512 bytes and no NUL.")
        }
        guard !subject.hasPrefix(APIKey.subject("")) else {
            throw Problem(400, "invalid_subject", "An API key is no user; end it with: beamline key revoke")
        }
        return subject
    }
}
