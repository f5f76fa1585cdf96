/// Where a server listens or a client connects.
public enum HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Host name or literal, and port; 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A socket file.
    case unix(path: String)

    /// `host:port` or `unix:path`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The port of a TCP address.
    public var port: Int? {
        switch self {
        case .tcp(_, let port): port
        case .unix: nil
        }
    }
}
