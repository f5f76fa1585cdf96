/// Keeps a server's `run()` from returning while a connection's channel is open or one of its handlers runs. Confined
/// to the loop.
final class ConnectionLease {
    private var running = 0
    private var isClosed = false
    private var onEnd: (() -> Void)?

    init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }

    /// A handler starts.
    func begin() { running += 1 }

    /// A handler has ended.
    func end() {
        running -= 1
        check()
    }

    /// The channel is closed.
    func close() {
        isClosed = true
        check()
    }

    private func check() {
        guard isClosed, running == 0, let onEnd else { return }
        self.onEnd = nil
        onEnd()
    }
}
