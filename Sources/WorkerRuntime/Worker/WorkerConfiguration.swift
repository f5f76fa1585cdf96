import Glibc

/// How a worker presents itself and behaves.
public struct WorkerConfiguration: Sendable {
    /// Servers, tried in turn: `http://host:port` or `https://host:port`.
    public var urls: [String] = ["http://127.0.0.1:8080"]
    /// Sent as `authorization: Bearer …`.
    public var token: String?
    /// PEM file of the authorities of servers' certificates; the system's otherwise.
    public var certificateAuthorities: String?
    /// PEM files by which the worker shows who it is; read for each connection, so that renewed ones need no restart.
    public var identity: (certificate: String, key: String)?
    /// A name that people recognise, stable over restarts.
    public var name: String
    /// Slots of each pool: how many of its tasks run at once.
    public var pools: [String: Int]
    /// What steps can select workers by.
    public var labels: [String: String] = [:]
    public var softwareVersion = ""
    /// After a request to drain: how long tasks may go on before they are stopped.
    public var drainGrace = Duration.seconds(30)
    /// Between asking a program to stop and killing it, unless the step says otherwise.
    public var stopGrace = Duration.seconds(5)
    /// Below it each attempt gets its folder.
    public var scratch = "/tmp"
    /// Relative paths of scripts are below it.
    public var files = "."
    /// Names of environment variables that programs get from the worker's own environment, besides the usual ones.
    public var inheritedEnvironment: Set<String> = []

    /// `cpu` has a slot for each processor, `io` has eight.
    public init(name: String, pools: [String: Int]? = nil) {
        self.name = name
        self.pools = pools ?? ["cpu": max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), "io": 8]
    }
}
