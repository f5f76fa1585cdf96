import Access
import HTTP
import JSON
import Secrets

/// `/v1/secrets`: values go in and never come out.
struct SecretRoutes: Sendable {
    let vault: SecretVault

    var routes: [Route] {
        [
            Route("GET", "/v1/secrets", "listSecrets", list),
            Route("PUT", "/v1/secrets/{name}", "setSecret", set),
            Route("DELETE", "/v1/secrets/{name}", "deleteSecret", delete),
            Route("POST", "/v1/secrets/rotate", "rotateSecrets", rotate),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let secrets = try await vault.list(
            tenant: call.caller.identity.tenant, named: call.caller.principal.tenant)
        return .json { writer in
            writer.object { members in
                members.member("secrets") { $0.array(secrets) { $0.secret($1) } }
            }
        }
    }

    private func set(_ call: Call) async throws -> HTTPResponse {
        let body = try await call.object(limit: SecretVault.longestValue * 2 + 1024, members: ["value"])
        guard let value = body["value"]?.stringValue else {
            throw Problem(400, "invalid_body", "The body needs the field value, a string.")
        }
        let record = try await vault.set(
            call.parameter("name"), to: Array(value.utf8), by: call.caller.principal.subject,
            tenant: call.caller.identity.tenant)
        return .json { $0.secret(record) }
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("name")
        guard try await vault.delete(name, tenant: call.caller.identity.tenant) else {
            throw Problem(404, "secret_not_found", "There is no secret \"\(name)\" that was set here.")
        }
        return HTTPResponse(status: 204)
    }

    private func rotate(_ call: Call) async throws -> HTTPResponse {
        // A master key is everybody's, so who looks after all tenants re-seals for all of them.
        let isForAll = call.caller.mayEverywhere(.manageTenants)
        let count = try await vault.rotate(tenant: isForAll ? nil : call.caller.identity.tenant)
        return .json { writer in
            writer.object { $0.integer("resealed", count) }
        }
    }
}
