import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `ApplyResult`.
    mutating func applied(_ applied: BundleOperations.Applied) {
        object { members in
            members.bool("dry_run", applied.isDryRun)
            members.bool("changed", applied.plan.isChanging)
            members.member("bundles") { writer in
                writer.array(applied.plan.bundles) { writer, change in
                    let version = applied.written?.bundles[change.bundle.name] ?? change.version
                    writer.object { members in
                        members.string("name", change.bundle.name)
                        if let version { members.integer("version", version) }
                        members.bool("changed", change.isChanged)
                    }
                }
            }
            members.member("changes") { writer in
                writer.array(applied.plan.changes) { writer, change in
                    writer.change(change, version: applied.written?.versions[change.id] ?? change.version)
                }
            }
        }
    }

    /// - Parameter version: of what is there now.
    private mutating func change(_ change: ApplyPlan.Change, version: Int64?) {
        object { members in
            members.string("kind", change.id.kind.text)
            members.string("name", change.id.name)
            members.string("action", change.action.rawValue)
            members.string("bundle", change.bundle)
            if let version { members.integer("version", version) }
            members.member("differences") { writer in
                writer.array(change.differences) { writer, difference in
                    writer.object { members in
                        members.string("path", difference.path)
                        members.payload("before", difference.before?.bytes())
                        members.payload("after", difference.after?.bytes())
                    }
                }
            }
        }
    }

    /// `BundleVersion`.
    mutating func bundle(_ bundle: BundleSummary) {
        object { $0.bundle(bundle) }
    }

    /// `Bundle`.
    mutating func bundle(_ bundle: StoredBundle) {
        object { members in
            members.bundle(bundle.summary)
            members.member("resources") { $0.raw(bundle.resources) }
            members.string("source", String(decoding: bundle.source, as: UTF8.self))
        }
    }

    /// `Limit`.
    mutating func declaredLimit(_ limit: DeclaredLimit) {
        object { members in
            members.string("name", limit.declaration.name)
            members.string("of", limit.declaration.unit.rawValue)
            members.integer("slots", limit.declaration.slots)
            members.integer("version", limit.version)
            members.string("bundle", limit.owner)
        }
    }
}

extension JSONWriter.Members {
    fileprivate mutating func bundle(_ bundle: BundleSummary) {
        string("name", bundle.name)
        integer("version", bundle.version)
        time("applied_at", bundle.appliedAt)
        string("applied_by", bundle.appliedBy)
    }
}
