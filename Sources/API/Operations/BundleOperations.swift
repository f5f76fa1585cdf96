import Access
import Engine
import HTTP
import Workflows

/// What can be done to bundles: files are applied together, all or nothing.
struct BundleOperations: Sendable {
    /// Most bytes of all files of one request.
    static let sourceLimit = 4 << 20
    /// Most files of one request.
    static let fileLimit = 200
    /// How often a plan is made anew when somebody else writes the same things meanwhile.
    private static let tries = 5

    /// How to apply.
    struct Options: Sendable {
        var isDryRun = false
        /// What a bundle no longer declares is removed.
        var prunes = false
        /// The version that the only bundle must have; 0: it must be new.
        var ifVersion: Int64?
    }

    /// What was done, or in a dry run would be.
    struct Applied: Sendable {
        var plan: ApplyPlan
        /// `nil` in a dry run, and when nothing changes.
        var written: WrittenResources?
        var isDryRun: Bool
    }

    private let engine: Engine
    private let store: any BundleStore

    init(parts: APIParts) {
        engine = parts.engine
        store = parts.bundles
    }

    /// Applies files.
    ///
    /// - Throws: a 422 with every problem of every file; a 409 for what belongs to another bundle, and for a queue that
    ///   cannot go; a 412 when the bundle has another version.
    func apply(
        _ files: [(name: String, contents: [UInt8])], _ options: Options, _ caller: Caller
    ) async throws -> Applied {
        let manifests: [Manifest]
        do {
            manifests = try [Manifest](parsing: files)
        } catch { throw Problem(error) }
        for id in manifests.declared.sorted() { try Self.permit(id, caller) }
        for workflow in manifests.flatMap(\.workflows) {
            try SecretUse.check(workflow.workflow.plan, caller)
        }
        let tenant = caller.tenant
        let bundles = manifests.compactMap(\.bundle?.name)
        for _ in 0..<Self.tries {
            let present = try await store.present(manifests.declared, bundles: bundles, tenant: tenant)
            let plan = ApplyPlan(manifests, present: present, prunes: options.prunes) { Digest(of: $0).bytes }
            for change in plan.changes { try Self.permit(change.id, caller) }
            try Self.check(plan, options)
            guard !options.isDryRun, plan.isChanging else {
                return Applied(plan: plan, written: nil, isDryRun: options.isDryRun)
            }
            let changes = ResourceChanges(plan, manifests, author: caller.principal.subject)
            switch try await store.write(changes, tenant: tenant) {
            case .written(let written):
                await engine.note(written, of: changes, tenant: tenant)
                return Applied(plan: plan, written: written, isDryRun: false)
            case .moved, .bundleMoved: continue
            case .queueNotEmpty(let name, let tokens): throw Problem.queueNotEmpty(name, tokens: tokens)
            }
        }
        throw Problem(
            409, "conflict", "Somebody else keeps writing the same things; nothing was changed. Try again.")
    }

    func list(
        after: String?, pageSize: Int, tenant: TenantID
    ) async throws -> (bundles: [BundleSummary], next: String?) {
        let found = try await store.bundles(after: after, limit: pageSize + 1, tenant: tenant)
        let page = Array(found.prefix(pageSize))
        return (page, found.count > pageSize ? page.last?.name : nil)
    }

    func stored(_ name: String, version: Int32?, tenant: TenantID) async throws -> StoredBundle {
        guard let stored = try await store.bundle(named: name, version: version, tenant: tenant) else {
            throw Problem(
                404, "bundle_not_found", "There is no bundle \"\(name)\"\(version.map { " version \($0)" } ?? "").")
        }
        return stored
    }

    func versions(_ name: String, tenant: TenantID) async throws -> [BundleSummary] {
        let versions = try await store.bundleVersions(of: name, tenant: tenant)
        guard !versions.isEmpty else { throw Problem(404, "bundle_not_found", "There is no bundle \"\(name)\".") }
        return versions
    }

    /// Limits have no permission of their own: who sets queues up for the whole tenant declares them too.
    private static func permit(_ id: ResourceID, _ caller: Caller) throws {
        switch id.kind {
        case .workflow: try caller.authorize(.applyWorkflows, .workflow(id.name))
        case .queue: try caller.authorize(.writeQueues, .queue(id.name))
        case .runLimit, .stepLimit: try caller.authorize(.writeQueues, .tenant)
        }
    }

    private static func check(_ plan: ApplyPlan, _ options: Options) throws(Problem) {
        if let wanted = options.ifVersion {
            guard plan.bundles.count == 1, let bundle = plan.bundles.first else {
                throw Problem(400, "invalid_condition", "If-Match and If-None-Match are for a request with one bundle.")
            }
            let version = Int64(bundle.version ?? 0)
            guard version == wanted else {
                throw Problem.versionMismatch("bundle", bundle.bundle.name, tag: version > 0 ? "\"\(version)\"" : nil)
            }
        }
        guard let first = plan.conflicts.first else { return }
        let more = plan.conflicts.count > 1 ? " (and \(plan.conflicts.count - 1) more)" : ""
        throw Problem(
            409, "resource_owned",
            """
            The \(first.id) belongs to the bundle "\(first.owner)", and "\(first.bundle)" declares it too\(more). Take it \
            out of one of them; a bundle lets go of what it no longer declares when it is applied with prune.
            """)
    }
}

extension ResourceChanges {
    init(_ plan: ApplyPlan, _ manifests: [Manifest], author: String) {
        self.init(author: author)
        var workflows: [String: BundledWorkflow] = [:]
        for workflow in manifests.flatMap(\.workflows) { workflows[workflow.name] = workflow }
        var declared: [ResourceID: QueueDeclaration] = [:]
        var limited: [ResourceID: LimitDeclaration] = [:]
        for bundle in manifests.compactMap(\.bundle) {
            for queue in bundle.queues { declared[ResourceID(.queue, queue.name)] = queue }
            for limit in bundle.limits { limited[limit.id] = limit }
        }
        for change in plan.changes where change.action.isWrite {
            let version = change.version
            if change.action == .remove {
                removed.append(Expected(change.id, version: version))
                continue
            }
            switch change.id.kind {
            case .workflow:
                guard let workflow = workflows[change.id.name] else { continue }
                definitions.append(Expected(DefinitionRecord(workflow), version: version))
            case .queue: if let queue = declared[change.id] { queues.append(Expected(queue, version: version)) }
            case .runLimit, .stepLimit:
                if let limit = limited[change.id] { limits.append(Expected(limit, version: version)) }
            }
        }
        for change in plan.bundles where change.isChanged {
            bundles.append(
                Expected(
                    BundleRecord(
                        name: change.bundle.name, digest: change.digest, source: change.source, owned: change.owned),
                    version: change.version.map(Int64.init)))
        }
    }
}

extension DefinitionRecord {
    init(_ workflow: BundledWorkflow) {
        let canonical = workflow.workflow.definition.canonical
        self.init(
            name: workflow.name, canonical: canonical, digest: Digest(of: canonical).bytes, source: workflow.source)
    }
}

extension Problem {
    /// Everything that is wrong with files, at once.
    init(_ error: DefinitionError) {
        let problems = error.diagnostics.map { problem in
            DefinitionProblem(
                path: problem.path, line: problem.line, column: problem.column, length: problem.length,
                message: problem.message, hint: problem.hint)
        }
        self.init(
            422, "invalid_definition",
            problems.count == 1
                ? "There is a problem: \(problems[0].message)"
                : "There are \(problems.count) problems; nothing was applied.")
        diagnostics = (problems.json, error.rendered)
    }

    static func queueNotEmpty(_ name: String, tokens: Int) -> Problem {
        Problem(
            409, "queue_not_empty",
            "The queue \"\(name)\" has \(tokens) steps still; drain it, and delete it when they have ended.")
    }

    /// Somebody has written it since the caller has read it.
    ///
    /// - Parameter tag: the present ETag; `nil`: it is not there.
    static func versionMismatch(_ what: String, _ name: String, tag: String?) -> Problem {
        let state = tag.map { "has the ETag \($0) by now" } ?? "does not exist"
        return Problem(
            412, "version_mismatch", "The \(what) \"\(name)\" \(state); read it again and decide anew.",
            fields: tag.map { ["etag": $0] } ?? [:])
    }
}
