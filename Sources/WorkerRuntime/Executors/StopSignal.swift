import Synchronization

/// Tells one execution to stop. It can be raised from graceful to immediate and never falls.
public final class StopSignal: Sendable {
    /// How it shall stop.
    public enum Level: Int, Comparable, Sendable {
        /// Ask, wait for the grace, then force.
        case graceful
        /// Force at once.
        case immediate

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var level: Level?
        var nextObserver = 0
        var observers: [Int: @Sendable (Level) -> Void] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// `nil` while nobody has asked to stop.
    public var level: Level? { state.withLock { $0.level } }

    public func raise(_ level: Level) {
        state.withLock { state in
            guard state.level.map({ $0 < level }) ?? true else { return }
            state.level = level
            for observer in state.observers.values { observer(level) }
        }
    }

    /// Calls `observer` when the level rises, at once if it has risen already; answers a token for `stopObserving`.
    ///
    /// It is called under the signal's lock, so that none is called after `stopObserving` has returned; it must be
    /// short and leave the signal alone.
    public func observe(_ observer: @escaping @Sendable (Level) -> Void) -> Int {
        state.withLock { state in
            state.nextObserver += 1
            state.observers[state.nextObserver] = observer
            if let level = state.level { observer(level) }
            return state.nextObserver
        }
    }

    public func stopObserving(_ token: Int) {
        state.withLock { $0.observers[token] = nil }
    }

    /// Returns when somebody asks to stop, or the waiting task is cancelled.
    public func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let token = observe { _ in continuation.finish() }
        for await _ in stream {}
        stopObserving(token)
    }
}
