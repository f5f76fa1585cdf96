import Synchronization

/// The right to one active run. It goes back to its pool when it is dropped unused, on whatever way the start failed.
final class QuotaUnit: Sendable {
    private let isUsed = Atomic(false)
    private let giveBack: @Sendable () -> Void
    private let settle: @Sendable () -> Void

    /// - Parameters:
    ///   - giveBack: Called when it is dropped unused.
    ///   - settle: Called when its run was committed.
    init(giveBack: @escaping @Sendable () -> Void, settle: @escaping @Sendable () -> Void) {
        self.giveBack = giveBack
        self.settle = settle
    }

    /// The run is durable, and counted there.
    func use() {
        if !isUsed.exchange(true, ordering: .relaxed) { settle() }
    }

    deinit { if !isUsed.load(ordering: .relaxed) { giveBack() } }
}
