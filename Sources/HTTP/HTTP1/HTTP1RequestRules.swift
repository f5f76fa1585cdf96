import NIOHTTP1

/// What a request's head must hold to beyond its syntax (RFC 9112 §3.2, §6.1; RFC 9110 §7.2). Ambiguous framing is
/// refused, never repaired: the next hop might read it otherwise.
enum HTTP1RequestRules {
    /// The error, or `nil` for a sound head.
    static func violation(_ head: HTTPRequestHead, limits: HTTPLimits) -> HTTPError? {
        let size = head.headers.reduce(head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
        if size > limits.headerListSize || head.headers.count > limits.headerCount {
            return HTTPError(
                status: 431, code: "head_too_large",
                message: "A head may have \(limits.headerCount) lines and \(limits.headerListSize) octets.")
        }
        let lengths = head.headers["content-length"]
        let codings = head.headers["transfer-encoding"]
        if !lengths.isEmpty, !codings.isEmpty {
            return .badRequest("ambiguous_framing", "content-length and transfer-encoding exclude each other.")
        }
        if lengths.count > 1 { return .badRequest("ambiguous_framing", "content-length stands more than once.") }
        if let length = lengths.first, length.isEmpty || !length.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return .badRequest("ambiguous_framing", "content-length is no number.")
        }
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                return HTTPError(status: 501, code: "unknown_coding", message: "Only the coding chunked is known.")
            }
            if head.isHTTP10 {
                return .badRequest("ambiguous_framing", "HTTP/1.0 has no transfer-encoding.")
            }
        }
        if head.version.major != 1 {
            return HTTPError(status: 505, code: "unknown_version", message: "HTTP/1.1 and HTTP/2 are spoken here.")
        }
        let hosts = head.headers["host"]
        if hosts.count > 1 || (hosts.isEmpty && !head.isHTTP10) {
            return .badRequest("bad_host", "A request has exactly one host field.")
        }
        if head.method == .CONNECT {
            return HTTPError(status: 501, code: "not_implemented", message: "CONNECT is not served.")
        }
        return nil
    }

    /// Path, query and, in absolute form (RFC 9112 §3.2.2), the authority of a request target.
    static func target(_ uri: String) -> (path: String, query: String?, authority: String?) {
        var rest = uri[...]
        var authority: String?
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
            break
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            return (rest.isEmpty ? "/" : String(rest), nil, authority)
        }
        let path = rest[..<mark]
        return (path.isEmpty ? "/" : String(path), String(rest[rest.index(after: mark)...]), authority)
    }
}
