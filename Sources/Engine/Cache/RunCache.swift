import Synchronization

/// Runs in flight of one lane, the least recently used forgotten first. Forgetting costs a load, never correctness: each
/// commit compares revisions.
final class RunCache: Sendable {
    private let entries: Mutex<RecentlyUsed<RunKey, RunEntry>>

    init(bytes: Int) { entries = Mutex(RecentlyUsed(limit: bytes)) }

    subscript(key: RunKey) -> RunEntry? { entries.withLock { $0.value(key) } }

    func insert(_ entry: RunEntry, cost: Int) {
        entries.withLock { $0.insert(entry, for: entry.key, cost: cost) }
    }

    /// Keeps what is there already, unless it is older: the lane's own entry may have been changed by another node.
    func insertNewer(_ entry: RunEntry, cost: Int) {
        entries.withLock { entries in
            if let known = entries.value(entry.key), known.revision >= entry.revision { return }
            entries.insert(entry, for: entry.key, cost: cost)
        }
    }

    func remove(_ key: RunKey) { _ = entries.withLock { $0.remove(key) } }

    var count: Int { entries.withLock { $0.count } }
    var bytes: Int { entries.withLock { $0.cost } }
}
