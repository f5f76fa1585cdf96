import Access
import HTTP
import JSON

/// `/v1/tenants`: for the platform's administrators.
struct TenantRoutes: Sendable {
    let store: any AccessStore

    var routes: [Route] {
        [
            Route("GET", "/v1/tenants", "listTenants", list),
            Route("POST", "/v1/tenants/{name}/suspend", "suspendTenant") { try await set($0, isSuspended: true) },
            Route("POST", "/v1/tenants/{name}/resume", "resumeTenant") { try await set($0, isSuspended: false) },
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let tenants = try await store.tenants()
        return .json { writer in
            writer.object { members in
                members.member("tenants") { $0.array(tenants) { $0.tenant($1) } }
            }
        }
    }

    private func set(_ call: Call, isSuspended: Bool) async throws -> HTTPResponse {
        let name = call.parameter("name")
        guard name != call.caller.principal.tenant || !isSuspended else {
            throw Problem(409, "own_tenant", "A tenant cannot suspend itself: nobody could resume it.")
        }
        guard try await store.setSuspended(isSuspended, tenant: name) else {
            throw Problem(404, "tenant_not_found", "There is no tenant \"\(name)\".")
        }
        return HTTPResponse(status: 204)
    }
}
