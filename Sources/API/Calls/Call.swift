import Access
import HTTP
import JSON
import Logging
import NIOCore
import Telemetry
import Workflows

/// One authenticated, authorised request on its way through a handler.
struct Call: Sendable {
    let request: HTTPRequest
    let parameters: [String: String]
    let query: Query
    let caller: Caller
    let requestID: String
    let logger: Logger

    /// A parameter that the route's pattern has.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// The run that the path names.
    func run() throws(Problem) -> RunID {
        guard let run = RunID(parameter("id")) else {
            throw Problem(400, "invalid_run_id", "\"\(parameter("id"))\" is no run id; it has 26 characters.")
        }
        return run
    }

    /// The whole body, if its type is one of those that the route takes.
    func body(types: [String], limit: Int) async throws -> [UInt8] {
        try await request.content(types: types, limit: limit)
    }

    /// The body as a JSON object with these members at most.
    func object(limit: Int, members: Set<String>, optional: Bool = false) async throws -> JSONObject {
        try await request.object(limit: limit, members: members, optional: optional)
    }
}

extension HTTPRequest {
    /// The whole body, if its type is one of those that the route takes.
    func content(types: [String], limit: Int) async throws -> [UInt8] {
        try requireType(types)
        let bytes = try await body.collect(upTo: limit)
        return Array(bytes.readableBytesView)
    }

    /// The body as a JSON object with these members at most.
    func object(limit: Int, members: Set<String>, optional: Bool = false) async throws -> JSONObject {
        if optional, fields["content-type"] == nil {
            let bytes = try await body.collect(upTo: limit)
            guard bytes.readableBytes > 0 else { return [:] }
            throw Problem(415, "unsupported_media_type", "A body needs content-type: application/json.")
        }
        let value = try JSONValue(parsing: try await content(types: ["application/json"], limit: limit))
        guard case .object(let object) = value else {
            throw Problem(400, "invalid_body", "The body must be a JSON object; it is of type \(value.typeName).")
        }
        for name in object.keys where !members.contains(name) {
            throw Problem(
                400, "unknown_field",
                "The body has no field \"\(name)\"; known: \(members.sorted().joined(separator: ", ")).")
        }
        return object
    }

    private func requireType(_ types: [String]) throws(Problem) {
        let given = fields["content-type"] ?? ""
        let type = given.prefix { $0 != ";" }.split(separator: " ").joined().lowercased()
        guard types.contains(type) else {
            throw Problem(
                415, "unsupported_media_type",
                "This takes \(types.joined(separator: " or ")); the content type is \"\(given)\".",
                fields: ["accept": types.joined(separator: ", ")])
        }
    }
}

/// Who calls.
struct Caller: Sendable {
    let identity: Identity
    /// The trace that the request belongs to: the caller's, or a new one.
    let trace: TraceContext
    /// Of an operation whose deeds are recorded.
    var audit: AuditScope?

    var principal: Principal { identity.principal }
    var tenant: TenantID { TenantID(identity.tenant) }

    /// Asked by operations that know what they act on only from the body, or from the record that it names.
    func authorize(_ action: Action, _ resource: Resource) throws(Denial) {
        try Access.authorize(identity.principal, action, resource)
    }

    /// Whether it may do this to everything of the tenant.
    func mayEverywhere(_ action: Action) -> Bool { identity.principal.permissions.contains(action) }
}
