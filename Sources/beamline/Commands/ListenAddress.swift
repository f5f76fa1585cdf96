import HTTP

/// `127.0.0.1:8080`, `[::1]:8080`, `:8080` (all interfaces) or `unix:/path`.
enum ListenAddress {
    static func parse(_ text: String) throws(CommandFailure) -> HTTPAddress {
        if text.hasPrefix("unix:") { return .unix(path: String(text.dropFirst(5))) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw CommandFailure(.invalid, "error: --listen \(text): write it as 127.0.0.1:8080, :8080 or unix:/path")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return .tcp(host: host.isEmpty ? "0.0.0.0" : host, port: Int(port))
    }
}
