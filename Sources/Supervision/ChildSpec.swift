/// Something that runs until it is done or is stopped.
public protocol Service: Sendable {
    /// Shown in the tree; unique among its siblings.
    var name: String { get }
    /// Returning means done; throwing means failed; cancellation means stop at once.
    func run() async throws
    /// Take no new work, finish what is held, then return from ``run()``. Returns at once itself if it can.
    func drain() async
    /// How long a drain may take before the service is cancelled; `nil`: it does not drain.
    var drainTimeout: Duration? { get }
}

extension Service {
    public func drain() async {}
    public var drainTimeout: Duration? { nil }
}

/// A child of a supervisor: what to run, when to run it again, how to stop it.
public struct ChildSpec: Sendable {
    /// When a child that has ended is started again.
    public enum Restart: String, Sendable {
        /// Always; to return is a failure.
        case permanent
        /// Only when it failed.
        case transient
        /// Never.
        case temporary
    }

    /// How a child is stopped.
    public enum Shutdown: Sendable, Equatable {
        /// By cancelling its task.
        case cancel
        /// By asking it to drain; at the deadline its task is cancelled.
        case drain(Duration)
    }

    public var name: String
    public var restart: Restart
    public var shutdown: Shutdown
    let run: @Sendable () async throws -> Void
    let drain: @Sendable () async -> Void
    /// The child as a tree of its own.
    let snapshot: (@Sendable () -> SupervisedNode)?

    /// - Parameter drain: asks the child to finish; without it the child is stopped by cancelling its task.
    public init(
        _ name: String, restart: Restart = .permanent, drainTimeout: Duration? = nil,
        drain: (@Sendable () async -> Void)? = nil, run: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.restart = restart
        self.run = run
        self.drain = drain ?? {}
        shutdown = drain == nil ? .cancel : .drain(drainTimeout ?? .seconds(10))
        snapshot = nil
    }

    /// A service with its own name and its own way to drain.
    public init(_ service: some Service, restart: Restart = .permanent) {
        name = service.name
        self.restart = restart
        run = { try await service.run() }
        drain = { await service.drain() }
        shutdown = service.drainTimeout.map { .drain($0) } ?? .cancel
        snapshot = nil
    }

    /// A supervisor below this one. Its own children have their own deadlines; `drainTimeout` bounds their sum.
    public init(_ supervisor: Supervisor, restart: Restart = .permanent, drainTimeout: Duration = .seconds(60)) {
        name = supervisor.name
        self.restart = restart
        run = { try await supervisor.run() }
        drain = { supervisor.stop() }
        shutdown = .drain(drainTimeout)
        snapshot = { supervisor.snapshot() }
    }
}
