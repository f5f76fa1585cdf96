import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/workflows`.
struct WorkflowRoutes: Sendable {
    let workflows: WorkflowOperations

    var routes: [Route] {
        [
            Route(
                "GET", "/v1/workflows", "listWorkflows", parameters: ["page_size", "cursor"], list),
            Route("POST", "/v1/workflows", "applyWorkflow", parameters: ["file"], apply),
            Route("POST", "/v1/workflows/validate", "validateWorkflow", parameters: ["file"], validate),
            Route("GET", "/v1/workflows/{name}", "getWorkflow", parameters: ["version"], get),
            Route("GET", "/v1/workflows/{name}/versions", "listWorkflowVersions", versions),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let page = try await workflows.list(
            after: try Cursor.name(call.query["cursor"]), pageSize: try call.query.pageSize,
            tenant: call.caller.tenant)
        return .page("workflows", page.workflows, next: page.next.map { Cursor.text(name: $0) }) {
            $0.workflowSummary($1)
        }
    }

    private func apply(_ call: Call) async throws -> HTTPResponse {
        let file = try call.query.text("file", limit: 500)
        let source = try await source(of: call)
        let applied = try await workflows.apply(source, fileName: file, if: try call.tagCondition(), call.caller)
        return .json(applied.changed ? 201 : 200) { writer in
            writer.object { members in
                members.string("name", applied.name)
                members.integer("version", applied.version)
                members.bool("changed", applied.changed)
            }
        }
    }

    private func validate(_ call: Call) async throws -> HTTPResponse {
        let file = try call.query.text("file", limit: 500)
        let source = try await source(of: call)
        let checked = workflows.check(source, fileName: file)
        return .json { writer in
            writer.object { members in
                switch checked {
                case .valid:
                    members.bool("valid", true)
                    members.member("diagnostics") { $0.raw("[]") }
                case .invalid(let problems, let rendered):
                    members.bool("valid", false)
                    members.member("diagnostics") { $0.raw(problems.json) }
                    members.string("rendered", rendered)
                }
            }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let version = try call.query.integer("version", in: 1...Int(Int32.max)).map { Int32($0) }
        let stored = try await workflows.stored(
            call.parameter("name"), version: version, tenant: call.caller.tenant)
        // The newest must be asked for again.
        let tag = stored.tag
        let fields: HTTPFields = ["etag": tag, "cache-control": "private, no-cache"]
        if ETag.matches(call.request.fields["if-none-match"], tag) { return HTTPResponse(status: 304, fields: fields) }
        let outline = try FlowOutline(canonical: stored.canonical)
        return .json(fields: fields) { $0.workflow(stored, outline: outline) }
    }

    private func versions(_ call: Call) async throws -> HTTPResponse {
        let versions = try await workflows.versions(call.parameter("name"), tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in
                members.member("versions") { $0.array(versions) { $0.workflowVersion($1) } }
            }
        }
    }

    private func source(of call: Call) async throws -> [UInt8] {
        try await call.body(
            types: ["application/yaml", "application/json", "text/yaml", "application/x-yaml"],
            limit: WorkflowOperations.sourceLimit)
    }
}

extension StoredDefinition {
    /// A version never changes, so its number and content are its tag.
    var tag: String { "\"\(version)-\(Array(digest.prefix(12)).hexadecimal)\"" }
}

extension Call {
    /// What `If-Match` and `If-None-Match` say of something with a tag of its own kind (RFC 9110 §13.1).
    fileprivate func tagCondition() throws(Problem) -> WorkflowOperations.Condition {
        if let field = request.fields["if-none-match"] {
            guard field == "*", !request.fields.contains("if-match") else {
                throw Problem(400, "invalid_condition", "If-None-Match is taken as *, and without If-Match.")
            }
            return .absent
        }
        guard let field = request.fields["if-match"] else { return .any }
        return .present(field == "*" ? nil : field)
    }
}

/// Entity tags (RFC 9110 §8.8.3).
enum ETag {
    /// Whether `If-None-Match` names the tag; compared weakly (§13.1.2).
    static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { candidate in
            var candidate = candidate.drop { $0 == " " }
            while candidate.last == " " { candidate.removeLast() }
            if candidate.hasPrefix("W/") { candidate = candidate.dropFirst(2) }
            return candidate == "*" || candidate == tag
        }
    }
}
