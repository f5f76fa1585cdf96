/// What is in a queue now, in steps.
public struct QueueLoad: Hashable, Sendable {
    /// Those that wait for a worker.
    public var ready: Int
    /// Those that a worker has.
    public var running: Int
    /// Those that a limit, a breaker or a quota holds back.
    public var held: Int

    public init(ready: Int = 0, running: Int = 0, held: Int = 0) {
        self.ready = ready
        self.running = running
        self.held = held
    }
}
