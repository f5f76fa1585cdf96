import Access
import Engine
import JSON
import Workflows

/// What can be done to definitions; REST and gRPC both speak through it.
struct WorkflowOperations: Sendable {
    /// Most bytes of a definition.
    static let sourceLimit = 1 << 20

    private let engine: Engine
    private let catalog: any Catalog
    private let reader: any RunReader
    private let definitions: any DefinitionChecker

    init(parts: APIParts) {
        engine = parts.engine
        catalog = parts.catalog
        reader = parts.reader
        definitions = parts.definitions
    }

    func check(_ source: [UInt8], fileName: String?) -> CheckedDefinition {
        definitions.check(source, fileName: fileName ?? "workflow.yaml")
    }

    /// Stores a definition; an unchanged one keeps its version.
    ///
    /// - Throws: a 422 with every diagnostic.
    func apply(_ source: [UInt8], fileName: String?, _ caller: Caller) async throws -> AppliedDefinition {
        switch check(source, fileName: fileName) {
        case .invalid(let problems, let rendered):
            var problem = Problem(
                422, "invalid_definition",
                problems.count == 1
                    ? "The definition has a problem: \(problems[0].message)"
                    : "The definition has \(problems.count) problems; nothing was applied.")
            problem.diagnostics = (problems.json, rendered)
            throw problem
        case .valid(let name, let canonical):
            try caller.authorize(.applyWorkflows, .workflow(name))
            try SecretUse.check(canonical, caller)
            let tenant = caller.tenant
            let record = DefinitionRecord(
                name: name, canonical: canonical, digest: Digest(of: canonical).bytes, source: source)
            let applied = try await catalog.apply([record], tenant: tenant)
            guard let first = applied.first else { throw Problem.internalError }
            engine.noteApplied(name, tenant: tenant)
            return first
        }
    }

    func stored(_ name: String, version: Int32?, tenant: TenantID) async throws -> StoredDefinition {
        guard let stored = try await catalog.definition(named: name, version: version, tenant: tenant) else {
            throw Problem(
                404, "workflow_not_found",
                "There is no workflow \"\(name)\"\(version.map { " version \($0)" } ?? "").")
        }
        return stored
    }

    func versions(_ name: String, tenant: TenantID) async throws -> [AppliedVersion] {
        let versions = try await reader.versions(of: name, tenant: tenant)
        guard !versions.isEmpty else {
            throw Problem(404, "workflow_not_found", "There is no workflow \"\(name)\".")
        }
        return versions
    }

    /// A page by name, and whether there is another.
    func list(
        after: String?, pageSize: Int, tenant: TenantID
    ) async throws -> (workflows: [WorkflowSummary], next: String?) {
        let found = try await reader.workflows(after: after, limit: pageSize + 1, tenant: tenant)
        let page = Array(found.prefix(pageSize))
        return (page, found.count > pageSize ? page.last?.name : nil)
    }
}

extension [DefinitionProblem] {
    /// An array of `Diagnostic`.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.array(self) { writer, problem in
            writer.object { members in
                members.string("path", problem.path)
                members.integer("line", problem.line)
                members.integer("column", problem.column)
                members.integer("length", problem.length)
                members.string("message", problem.message)
                members.string("hint", problem.hint)
            }
        }
        return writer.bytes
    }
}
