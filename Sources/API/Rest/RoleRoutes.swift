import Access
import HTTP
import JSON

/// `/v1/roles` and `/v1/grants`.
struct RoleRoutes: Sendable {
    let store: any AccessStore

    var routes: [Route] {
        [
            Route("GET", "/v1/roles", "listRoles", list),
            Route("PUT", "/v1/roles/{name}", "putRole", put),
            Route("DELETE", "/v1/roles/{name}", "deleteRole", delete),
            Route("GET", "/v1/grants", "listGrants", grants),
            Route("POST", "/v1/grants", "addGrant", add),
            Route("POST", "/v1/grants/remove", "removeGrant", remove),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let own = try await store.roles(tenant: call.caller.identity.tenant)
        let builtIn = Role.allCases.map { CustomRole(name: $0.rawValue, permissions: $0.permissions) }
        return .json { writer in
            writer.object { members in
                members.member("roles") { $0.array(builtIn + own) { $0.role($1) } }
            }
        }
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("name")
        guard Role.isCustomName(name) else {
            throw Problem(
                422, "invalid_role",
                "\"\(name)\" cannot be a role's name: 1 to 63 of a-z, 0-9, - and _, and no built-in role's.")
        }
        let body = try await call.object(limit: 16 << 10, members: ["permissions"])
        guard let listed = body["permissions"]?.arrayValue, !listed.isEmpty, listed.count <= 200 else {
            throw Problem(400, "invalid_body", "The body needs the field permissions, an array of 1 to 200 names.")
        }
        var actions: [Action] = []
        for permission in listed {
            guard let action = permission.stringValue.flatMap({ Action(permission: $0) }) else {
                let known = Action.allCases.map(\.permission).joined(separator: ", ")
                throw Problem(422, "invalid_role", "There is no permission \(permission.text()); known: \(known).")
            }
            actions.append(action)
        }
        let role = CustomRole(name: name, permissions: Permissions(actions))
        try RoleCeiling(store: store, caller: call.caller).check(role.permissions)
        try await store.putRole(role, tenant: call.caller.identity.tenant)
        return .json { $0.role(role) }
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("name")
        guard try await store.deleteRole(name, tenant: call.caller.identity.tenant) else {
            throw Problem(404, "role_not_found", "The tenant has no role \"\(name)\" of its own.")
        }
        return HTTPResponse(status: 204)
    }

    private func grants(_ call: Call) async throws -> HTTPResponse {
        let grants = try await store.grants(tenant: call.caller.identity.tenant)
        return .json { writer in
            writer.object { members in
                members.member("grants") { $0.array(grants) { $0.grant($1) } }
            }
        }
    }

    private func add(_ call: Call) async throws -> HTTPResponse {
        let grant = try await grant(call)
        try await RoleCeiling(store: store, caller: call.caller).check([grant.grant.role])
        try await store.addGrant(grant, tenant: call.caller.identity.tenant)
        return .json(201) { $0.grant(grant) }
    }

    private func remove(_ call: Call) async throws -> HTTPResponse {
        guard try await store.removeGrant(grant(call), tenant: call.caller.identity.tenant) else {
            throw Problem(404, "grant_not_found", "There is no such grant.")
        }
        return HTTPResponse(status: 204)
    }

    private func grant(_ call: Call) async throws -> SubjectGrant {
        let body = try await call.object(limit: 16 << 10, members: ["subject", "role", "kind", "name"])
        guard let subject = body["subject"]?.stringValue, (1...255).contains(subject.utf8.count),
            !subject.utf8.contains(0)
        else { throw Problem(400, "invalid_body", "The body needs the field subject, a string of 1 to 255 bytes.") }
        return SubjectGrant(subject: subject, grant: try AccessBody.grant(body))
    }
}
