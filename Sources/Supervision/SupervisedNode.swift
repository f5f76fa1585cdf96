public import Telemetry

/// One node of the live supervision tree.
public struct SupervisedNode: Sendable {
    public enum Kind: String, Sendable {
        case service, supervisor
    }

    public var name: String
    public var kind: Kind
    /// Of a supervisor.
    public var strategy: Strategy?
    /// `waiting`, `running`, `backing_off`, `draining`, `cancelling`, `ended`, `stopped`.
    public var state: String
    public var restarts: Int
    /// When it entered the state.
    public var since: WallTime?
    public var lastError: String?
    public var children: [SupervisedNode]

    public init(
        name: String, kind: Kind, strategy: Strategy? = nil, state: String, restarts: Int, since: WallTime? = nil,
        lastError: String? = nil, children: [SupervisedNode] = []
    ) {
        self.name = name
        self.kind = kind
        self.strategy = strategy
        self.state = state
        self.restarts = restarts
        self.since = since
        self.lastError = lastError
        self.children = children
    }
}
