import Synchronization
import Telemetry
import Workflows

/// Keeps what this node knows of quotas fresh, and their counts right.
final class QuotaSweep: Sendable {
    private struct State {
        /// When everything was read last.
        var readAt: Duration?
        var counted: [TenantID: Duration] = [:]
        /// When stored bytes are counted anew.
        var bytesDue: [TenantID: Duration] = [:]
        /// Whose quota of active runs is new: nodes that did not know of it have not counted.
        var begun: [TenantID: Duration] = [:]
    }

    private let parts: EngineParts
    private let state = Mutex(State())

    /// Changes that are older than so long are not among the recent ones for sure.
    private static let memory: Duration = .seconds(5)
    /// How long other nodes may take to learn of a new quota.
    private static let settling: Duration = .seconds(3)

    init(parts: EngineParts) { self.parts = parts }

    func runOnce() async throws(StoreError) {
        let began = parts.clock.now
        let isRecent = state.withLock { $0.readAt.map { began - $0 < Self.memory } ?? false }
        let begun = try await parts.quotas.load(recent: isRecent)
        let due = state.withLock { state in
            state.readAt = began
            for tenant in begun { state.begun[tenant] = began + Self.settling }
            return dueCounts(&state, now: began)
        }
        for tenant in due {
            let correction = try await parts.store.recountRuns(of: tenant)
            parts.metrics.quotaCorrections.add(correction.magnitude)
        }
        try await countBytes()
        for tenant in parts.quotas.measured {
            // Active runs are counted with what is reserved.
            for (kind, used) in try await parts.store.usage(of: tenant, withRuns: false) {
                parts.quotas.noteTaken(kind, used, limit: parts.quotas[tenant]?[kind], of: tenant)
            }
            parts.quotas.bytes.settle(tenant)
        }
    }

    /// Tells the store what was stored here, and has it count anew what nodes that died have not told: when all nodes know
    /// of a new quota, and now and then.
    private func countBytes() async throws(StoreError) {
        let bytes = parts.quotas.bytes.take()
        if !bytes.isEmpty {
            do throws(StoreError) {
                try await parts.store.addBytes(bytes)
            } catch {
                parts.quotas.bytes.putBack(bytes)
                throw error
            }
        }
        let counted = parts.quotas.byteCounted
        guard !counted.isEmpty else { return }
        let now = parts.clock.now
        let due = state.withLock { state in
            counted.sorted().filter { tenant in
                let at = state.bytesDue[tenant] ?? now + Self.settling
                state.bytesDue[tenant] = now >= at ? now + parts.configuration.byteRecountInterval : at
                return now >= at
            }
        }
        for tenant in due { try await parts.store.recountBytes(of: tenant) }
    }

    /// Tenants to be counted now: those with a new quota when all nodes know of it, the others now and then.
    private func dueCounts(_ state: inout State, now: Duration) -> [TenantID] {
        let counted = parts.quotas.counted
        var due: [TenantID] = []
        for tenant in counted.sorted() {
            let isNew = state.begun[tenant].map { $0 <= now } ?? false
            if isNew { state.begun[tenant] = nil }
            guard isNew || now - (state.counted[tenant] ?? .zero) >= parts.configuration.quotaRecountInterval else {
                continue
            }
            state.counted[tenant] = now
            due.append(tenant)
        }
        return due
    }
}
