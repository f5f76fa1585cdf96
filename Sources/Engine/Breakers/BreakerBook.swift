import Synchronization

/// Reads the breakers of task types again and again, and tells of every change.
final class BreakerBook: Sendable {
    private let registry: any BreakerRegistry
    private let table = Mutex(BreakerTable())
    private let observer = Mutex<(@Sendable () -> Void)?>(nil)

    init(registry: any BreakerRegistry) { self.registry = registry }

    /// Whom to tell of every change.
    func observe(_ body: @escaping @Sendable () -> Void) { observer.withLock { $0 = body } }

    var snapshot: BreakerTable { table.withLock { $0 } }

    func refresh() async throws(StoreError) {
        let read = BreakerTable(try await registry.routeBreakers())
        let isNew = table.withLock { table in
            guard table != read else { return false }
            table = read
            return true
        }
        if isNew { observer.withLock { $0 }?() }
    }
}
