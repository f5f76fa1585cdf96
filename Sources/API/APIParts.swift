public import Access
public import Audit
public import Engine
public import HTTP
public import Logging
public import Secrets
public import Supervision
public import Telemetry

/// What the API is put together from.
public struct APIParts: Sendable {
    public var engine: Engine
    public var reader: any RunReader
    public var deadLetters: any DeadLetterReader
    public var jobs: any BulkStore
    /// A job is there to be worked on.
    public var jobCreated: @Sendable () -> Void
    public var catalog: any Catalog
    public var bundles: any BundleStore
    public var taskLog: any TaskLog
    public var definitions: any DefinitionChecker
    public var authenticator: Authenticator
    public var access: any AccessStore
    public var audit: any AuditLog
    public var secrets: SecretVault
    /// Where people sign in to the dashboard, besides one-time codes.
    public var signIn: [any SignInProvider]
    public var metrics: MetricsRegistry
    /// The node's supervision tree.
    public var tree: @Sendable () -> SupervisedNode
    /// Whether the node can serve now.
    public var readiness: @Sendable () async -> [HealthCheck]
    /// The dashboard's files; `nil` for a path that is none.
    public var files: @Sendable (HTTPRequest) async throws -> HTTPResponse?
    public var now: @Sendable () -> WallTime
    /// What the node lets each principal do.
    public var rates = RatePolicies()
    public var logger: Logger

    public init(
        engine: Engine, reader: any RunReader, deadLetters: any DeadLetterReader, jobs: any BulkStore,
        jobCreated: @escaping @Sendable () -> Void, catalog: any Catalog, bundles: any BundleStore,
        taskLog: any TaskLog, definitions: any DefinitionChecker, authenticator: Authenticator, access: any AccessStore,
        audit: any AuditLog,
        secrets: SecretVault, signIn: [any SignInProvider] = [],
        metrics: MetricsRegistry, tree: @escaping @Sendable () -> SupervisedNode,
        readiness: @escaping @Sendable () async -> [HealthCheck],
        files: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse? = { _ in nil },
        now: @escaping @Sendable () -> WallTime = { .now() }, logger: Logger
    ) {
        self.engine = engine
        self.reader = reader
        self.deadLetters = deadLetters
        self.jobs = jobs
        self.jobCreated = jobCreated
        self.catalog = catalog
        self.bundles = bundles
        self.taskLog = taskLog
        self.definitions = definitions
        self.authenticator = authenticator
        self.access = access
        self.audit = audit
        self.secrets = secrets
        self.signIn = signIn
        self.metrics = metrics
        self.tree = tree
        self.readiness = readiness
        self.files = files
        self.now = now
        self.logger = logger
    }
}
