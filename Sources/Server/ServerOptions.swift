public import Access
public import Engine
public import Expressions
import Glibc
public import HTTP

/// How a server node is set up.
public struct ServerOptions: Sendable {
    /// PostgreSQL, as a URL or conninfo.
    public var database: String
    /// Holds `signing.jwk` and `keys.jwks`; made when missing.
    public var keysFolder: String
    /// Where it listens for everything that has no addresses of its own below.
    public var addresses: [HTTPAddress] = [.tcp(host: "127.0.0.1", port: 8080)]
    /// Addresses for workers, management and metrics alone; what has some is not served elsewhere.
    public var listeners: [Listener: [HTTPAddress]] = [:]
    /// Whether clients show certificates, on the workers' addresses, or on all where workers have none of their own.
    public var clientCertificates: ClientCertificates?
    /// PEM files; https when set.
    public var tls: (certificate: String, key: String)?
    /// The dashboard's files; without it there are no pages.
    public var webFolder: String?
    /// For logs and lists.
    public var nodeName = "beamline"
    /// Made at the start when missing.
    public var tenants = ["default"]
    public var engine = EngineConfiguration()
    /// Transactions in flight for starts and outcomes.
    public var lanes: Int {
        get { engine.lanes }
        set { engine.lanes = newValue }
    }
    public var secrets = SecretSources()
    /// Those that expressions know by name; nodes of one database should know the same.
    public var timeZones = TimeZones.fixedOnly
    /// File of the OpenID providers whose tokens are taken and where people sign in (docs/identity.md).
    public var identityFile: String?
    public var deadLetters = DeadLetterOptions()
    public var audit = AuditKeySource()
    /// What the node lets each principal do.
    public var rates = RatePolicies()

    public init(database: String, keysFolder: String) {
        self.database = database
        self.keysFolder = keysFolder
        // A transaction costs more than a run in it: few large ones, beside which PostgreSQL has its share of the cores.
        engine.lanes = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
    }
}

/// Whose certificates are taken of clients.
public struct ClientCertificates: Sendable {
    /// PEM file of the authorities.
    public var authorities: String
    /// Whether a client without one is refused; otherwise it may come with a token.
    public var areRequired: Bool
    /// PEM file with a list of revoked certificates of each authority; `nil`: none is looked up.
    public var revocations: String?

    public init(authorities: String, areRequired: Bool, revocations: String? = nil) {
        self.authorities = authorities
        self.areRequired = areRequired
        self.revocations = revocations
    }
}
