import Access
import JSON

/// Roles and grants as request bodies have them.
enum AccessBody {
    static func roles(_ value: JSONValue?) throws(Problem) -> [String] {
        guard let value else { return [] }
        guard let listed = value.arrayValue, listed.count <= 50 else {
            throw Problem(400, "invalid_body", "roles must be an array of at most 50 names.")
        }
        var roles: [String] = []
        for role in listed {
            let name = try Self.role(role)
            if !roles.contains(name) { roles.append(name) }
        }
        return roles
    }

    static func grants(_ value: JSONValue?) throws(Problem) -> [NamedGrant] {
        guard let value else { return [] }
        guard let listed = value.arrayValue, listed.count <= 100 else {
            throw Problem(400, "invalid_body", "grants must be an array of at most 100 objects.")
        }
        var grants: [NamedGrant] = []
        for member in listed {
            guard let object = member.objectValue, object.keys.allSatisfy({ ["role", "kind", "name"].contains($0) })
            else { throw Problem(400, "invalid_body", "Each of grants is an object with role, kind and name.") }
            grants.append(try grant(object))
        }
        return grants
    }

    /// The members `role`, `kind` and `name`.
    static func grant(_ object: JSONObject) throws(Problem) -> NamedGrant {
        guard let kind = object["kind"]?.stringValue, let name = object["name"]?.stringValue, !name.utf8.contains(0),
            let target = GrantTarget(kind: kind, name: name)
        else {
            throw Problem(
                400, "invalid_body",
                "A grant has a kind (namespace, workflow, queue or secret) and a name of 1 to 200 bytes.")
        }
        return NamedGrant(role: try role(object["role"]), target: target)
    }

    private static func role(_ value: JSONValue?) throws(Problem) -> String {
        guard let name = value?.stringValue, Role(rawValue: name) != nil || Role.isCustomName(name) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                400, "invalid_body", "A role is one of \(known), or the name of one of the tenant's own roles.")
        }
        return name
    }
}

/// Nobody hands out what they do not have themselves.
struct RoleCeiling {
    let store: any AccessStore
    let caller: Caller

    /// Whether the roles exist and the caller has all that they allow.
    func check(_ roles: [String]) async throws {
        let custom = roles.contains { Role(rawValue: $0) == nil }
        let known = custom ? try await store.roles(tenant: caller.identity.tenant) : []
        for name in roles {
            guard
                let permissions = Role(rawValue: name)?.permissions
                    ?? known.first(where: { $0.name == name })?.permissions
            else { throw Problem(422, "role_not_found", "There is no role \"\(name)\".") }
            try check(permissions)
        }
    }

    func check(_ permissions: Permissions) throws {
        let missing = permissions.subtracting(caller.principal.permissions)
        guard missing.isEmpty else {
            throw Problem(
                403, Denial.code,
                "Nobody can hand out what they do not have: "
                    + missing.actions.map(\.permission).joined(separator: ", ") + ".")
        }
    }
}
