import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/apply` and `/v1/bundles`.
struct BundleRoutes: Sendable {
    let bundles: BundleOperations

    var routes: [Route] {
        [
            Route("POST", "/v1/apply", "applyBundle", parameters: ["file", "dry_run", "prune"], apply),
            Route("GET", "/v1/bundles", "listBundles", parameters: ["page_size", "cursor"], list),
            Route("GET", "/v1/bundles/{name}", "getBundle", parameters: ["version"], get),
            Route("GET", "/v1/bundles/{name}/versions", "listBundleVersions", versions),
        ]
    }

    private func apply(_ call: Call) async throws -> HTTPResponse {
        var options = BundleOperations.Options()
        options.isDryRun = try call.query.flag("dry_run")
        options.prunes = try call.query.flag("prune")
        switch try call.condition(of: "bundle", takesAbsence: true) {
        case .any: break
        case .absent: options.ifVersion = 0
        case .present(let version?): options.ifVersion = version
        case .present(nil):
            throw Problem(400, "invalid_condition", "If-Match must be the ETag of the bundle here, not *.")
        }
        let applied = try await bundles.apply(try await files(of: call), options, call.caller)
        return .json { $0.applied(applied) }
    }

    /// YAML is one file; JSON is `{files: [{name, content}]}`.
    private func files(of call: Call) async throws -> [(name: String, contents: [UInt8])] {
        let type = (call.request.fields["content-type"] ?? "").prefix { $0 != ";" }.lowercased()
        guard type == "application/json" else {
            let file = try call.query.text("file", limit: 500) ?? "bundle.yaml"
            let source = try await call.body(
                types: ["application/yaml", "text/yaml", "application/x-yaml", "application/json"],
                limit: BundleOperations.sourceLimit)
            return [(file, source)]
        }
        let body = try await call.object(limit: BundleOperations.sourceLimit * 2, members: ["files"])
        guard let list = body["files"]?.arrayValue, (1...BundleOperations.fileLimit).contains(list.count) else {
            throw Problem(
                400, "invalid_body",
                "files must be a list of 1 to \(BundleOperations.fileLimit) objects with name and content.")
        }
        return try list.map { file in
            guard let object = file.objectValue, object.count == 2, let name = object["name"]?.stringValue,
                (1...500).contains(name.utf8.count), let content = object["content"]?.stringValue
            else {
                throw Problem(
                    400, "invalid_body", "Each of files must have a name of 1 to 500 bytes and its content as text.")
            }
            return (name, Array(content.utf8))
        }
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let page = try await bundles.list(
            after: try Cursor.name(call.query["cursor"]), pageSize: try call.query.pageSize,
            tenant: call.caller.tenant)
        return .page("bundles", page.bundles, next: page.next.map { Cursor.text(name: $0) }) { $0.bundle($1) }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let version = try call.query.integer("version", in: 1...Int(Int32.max)).map { Int32($0) }
        let stored = try await bundles.stored(call.parameter("name"), version: version, tenant: call.caller.tenant)
        let tag = "\"\(stored.summary.version)\""
        let fields: HTTPFields = ["etag": tag, "cache-control": "private, no-cache"]
        if ETag.matches(call.request.fields["if-none-match"], tag) { return HTTPResponse(status: 304, fields: fields) }
        return .json(fields: fields) { $0.bundle(stored) }
    }

    private func versions(_ call: Call) async throws -> HTTPResponse {
        let versions = try await bundles.versions(call.parameter("name"), tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in members.member("versions") { $0.array(versions) { $0.bundle($1) } } }
        }
    }
}

extension Query {
    /// `true` or `false`; false unless it is given.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch self[name] {
        case nil, "false": false
        case "true": true
        case let text?:
            throw Problem(400, "invalid_parameter", "The parameter \(name) must be true or false; it is \"\(text)\".")
        }
    }
}
