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
    private let bundles: any BundleStore

    /// What the caller says of the newest version that is there.
    enum Condition: Sendable, Equatable {
        case any
        /// There is none.
        case absent
        /// There is one, with this ETag if it is given.
        case present(String?)
    }

    init(parts: APIParts) {
        engine = parts.engine
        catalog = parts.catalog
        reader = parts.reader
        definitions = parts.definitions
        bundles = parts.bundles
    }

    func check(_ source: [UInt8], fileName: String?) -> CheckedDefinition {
        definitions.check(source, fileName: fileName ?? "workflow.yaml")
    }

    /// Stores a definition; an unchanged one keeps its version.
    ///
    /// - Throws: a 422 with every diagnostic; a 412 when the condition does not hold.
    func apply(
        _ source: [UInt8], fileName: String?, if condition: Condition = .any, _ caller: Caller
    ) async throws -> AppliedDefinition {
        switch check(source, fileName: fileName) {
        case .invalid(let problems, let rendered):
            var problem = Problem(
                422, "invalid_definition",
                problems.count == 1
                    ? "The definition has a problem: \(problems[0].message)"
                    : "The definition has \(problems.count) problems; nothing was applied.")
            problem.diagnostics = (problems.json, rendered)
            throw problem
        case .valid(let name, let canonical, let plan):
            try caller.authorize(.applyWorkflows, .workflow(name))
            try SecretUse.check(plan, caller)
            let tenant = caller.tenant
            let record = DefinitionRecord(
                name: name, canonical: canonical, digest: Digest(of: canonical).bytes, source: source)
            if condition != .any { return try await apply(record, if: condition, caller) }
            let applied = try await catalog.apply([record], tenant: tenant)
            guard let first = applied.first else { throw Problem.internalError }
            await engine.noteApplied(first, plan: plan, tenant: tenant)
            return first
        }
    }

    /// Applies if the newest version is what the caller has seen, compared again while its row is locked.
    private func apply(
        _ record: DefinitionRecord, if condition: Condition, _ caller: Caller
    ) async throws -> AppliedDefinition {
        let tenant = caller.tenant
        while true {
            let present = try await catalog.definition(named: record.name, version: nil, tenant: tenant)
            switch (condition, present) {
            case (.any, _), (.absent, nil), (.present(nil), .some): break
            case (.present(let tag?), let known?) where known.tag == tag: break
            case (_, let known): throw Problem.versionMismatch("workflow", record.name, tag: known?.tag)
            }
            if let present, present.digest == record.digest {
                return AppliedDefinition(
                    name: present.name, flow: present.flow, version: present.version, changed: false)
            }
            var changes = ResourceChanges(author: caller.principal.subject)
            changes.definitions = [.init(record, version: present.map { Int64($0.version) })]
            guard case .written(let written) = try await bundles.write(changes, tenant: tenant) else { continue }
            await engine.note(written, of: changes, tenant: tenant)
            let version = written.versions[ResourceID(.workflow, record.name)].map { Int32($0) }
            let stored = try await stored(record.name, version: version, tenant: tenant)
            return AppliedDefinition(name: stored.name, flow: stored.flow, version: stored.version, changed: true)
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
