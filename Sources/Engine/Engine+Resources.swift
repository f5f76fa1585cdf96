import Supervision
public import Workflows

extension Engine {
    /// Tells this node what was written through it: new versions start at once, changed queues are known, whoever a new
    /// slot has let in goes on. Other nodes follow by the event log and within `newestVersionLifetime`.
    public func note(_ written: WrittenResources, of changes: ResourceChanges, tenant: TenantID) async {
        for definition in changes.definitions { noteApplied(definition.value.name, tenant: tenant) }
        for removed in changes.removed where removed.value.kind == .workflow {
            noteApplied(removed.value.name, tenant: tenant)
        }
        if !written.queues.isEmpty {
            do {
                try await parts.queues.load(written.queues)
                try await parts.dispatcher.scan()
            } catch {
                // It is written; the refresh of queue settings reads it a little later.
                parts.storeFailed(error, in: "queues")
            }
            parts.reorders.raise()
        }
        parts.act(on: written.admissions)
        parts.committed()
    }
}
