import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/limits`: limits of keys that somebody has declared.
struct LimitRoutes: Sendable {
    let limits: LimitOperations

    var routes: [Route] {
        [
            Route("GET", "/v1/limits", "listLimits", list),
            Route("GET", "/v1/limits/{of}/{name}", "getLimit", get),
            Route("PUT", "/v1/limits/{of}/{name}", "putLimit", put),
            Route("DELETE", "/v1/limits/{of}/{name}", "deleteLimit", delete),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let found = try await limits.list(tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in members.member("limits") { $0.array(found) { $0.declaredLimit($1) } } }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        .limit(try await limits.limit(try call.limitID(), tenant: call.caller.tenant))
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let id = try call.limitID()
        let condition = try call.condition(of: "limit", takesAbsence: true)
        let body = try await call.object(limit: 16 << 10, members: ["slots"])
        guard let slots = body["slots"]?.intValue.flatMap({ Int32(exactly: $0) }),
            LimitDeclaration.slotCounts.contains(slots)
        else {
            throw Problem(
                400, "invalid_body", "slots must be an integer from 0 to \(LimitDeclaration.slotCounts.upperBound).")
        }
        let limit = LimitDeclaration(name: id.name, unit: try call.unit(), slots: slots)
        let (declared, isNew) = try await limits.put(limit, if: condition, call.caller)
        return .limit(declared, status: isNew ? 201 : 200)
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        try await limits.delete(try call.limitID(), if: try call.condition(of: "limit"), call.caller)
        return HTTPResponse(status: 204)
    }
}

extension Call {
    fileprivate func unit() throws(Problem) -> LimitedUnit {
        guard let unit = LimitedUnit(rawValue: parameter("of")) else {
            throw Problem(
                400, "invalid_parameter", "A limit is one of runs or of steps; the path says \"\(parameter("of"))\".")
        }
        return unit
    }

    fileprivate func limitID() throws(Problem) -> ResourceID {
        let name = parameter("name")
        guard LimitDeclaration.isValid(name: name) else {
            throw Problem(
                400, "invalid_parameter", "A limit's name has 1 to 200 bytes and no control characters.")
        }
        return ResourceID(try unit().kind, name)
    }
}

extension HTTPResponse {
    fileprivate static func limit(_ limit: DeclaredLimit, status: Int = 200) -> HTTPResponse {
        .json(status, fields: ["etag": "\"\(limit.version)\""]) { $0.declaredLimit(limit) }
    }
}
