public import Workflows

/// What a worker says when it connects.
public struct WorkerHello: Sendable {
    public struct Pool: Sendable, Hashable {
        public var name: String
        public var slots: Int

        public init(name: String, slots: Int) {
            self.name = name
            self.slots = slots
        }
    }

    public var tenant: TenantID
    /// A name that people recognise.
    public var worker: String
    /// New for each life of the worker process.
    public var session: SessionID
    public var taskTypes: [String]
    public var pools: [Pool]
    /// Attempts that the worker still runs, or whose outcome was not acknowledged.
    public var held: [TaskName]
    /// Task types, pools, labels and versions as JSON text, for people.
    public var capabilities: [UInt8]

    public init(
        tenant: TenantID, worker: String, session: SessionID, taskTypes: [String], pools: [Pool], held: [TaskName],
        capabilities: [UInt8]
    ) {
        self.tenant = tenant
        self.worker = worker
        self.session = session
        self.taskTypes = taskTypes
        self.pools = pools
        self.held = held
        self.capabilities = capabilities
    }
}
