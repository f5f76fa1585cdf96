import HTTP

/// Where a server is: `http://host[:port]`, `https://host[:port]` or `unix:/path`.
struct ServerURL: Sendable, Equatable {
    /// Text that names no server.
    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    var address: HTTPAddress
    var isSecure: Bool

    init(parsing text: String) throws(Malformed) {
        if text.hasPrefix("unix:/") {
            (address, isSecure) = (.unix(path: String(text.dropFirst(5))), false)
            return
        }
        let rest: Substring
        if text.hasPrefix("http://") {
            (rest, isSecure) = (text.dropFirst(7), false)
        } else if text.hasPrefix("https://") {
            (rest, isSecure) = (text.dropFirst(8), true)
        } else {
            throw Malformed(description: "\"\(text)\" is no server: write http://host:port or https://host:port")
        }
        var authority = rest
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        var port = isSecure ? 443 : 80
        var host = authority
        // The port follows the last colon, unless that is inside an IPv6 literal's brackets.
        if let colon = authority.lastIndex(of: ":"), authority[colon...].firstIndex(of: "]") == nil {
            guard let number = UInt16(authority[authority.index(after: colon)...]) else {
                throw Malformed(description: "\"\(text)\" has no valid port")
            }
            port = Int(number)
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("/"), !host.contains("@") else {
            throw Malformed(description: "\"\(text)\" is no server: only host and port are expected")
        }
        address = .tcp(host: String(host), port: port)
    }
}
