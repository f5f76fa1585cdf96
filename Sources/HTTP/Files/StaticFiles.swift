import NIOCore
import Synchronization

/// The files below a folder, held in memory with their compressed form. Only what was found there can be asked for, so
/// no path leads outside.
public final class StaticFiles: Sendable {
    /// How files are served.
    public struct Configuration: Sendable {
        /// Looks for changes at each request (for development).
        public var reloads = false
        /// Files are asked for again at each use, and answered by 304 while they are the same.
        public var cacheControl = "no-cache"
        /// The Content-Security-Policy of every answer.
        public var contentSecurityPolicy =
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
            + "form-action 'self'"
        /// Files larger than this are not served, octets.
        public var maximumSize = 16 << 20

        /// The defaults.
        public init() {}
    }

    private let root: String
    private let configuration: Configuration
    private let files: Mutex<[String: StaticFile]>

    /// Reads all files below `root`; hidden ones and symbolic links are left out. Throws ``StaticFilesError`` when
    /// the folder cannot be read.
    public init(root: String, configuration: Configuration = Configuration()) throws {
        self.root = root
        self.configuration = configuration
        files = Mutex(try FolderScan.files(below: root, maximumSize: configuration.maximumSize, known: [:]))
    }

    /// Paths that are served.
    public var paths: [String] { files.withLock { $0.keys.sorted() } }

    /// The answer to GET and HEAD for a file, 405 for another method on it, or `nil` where there is no such file.
    public func respond(to request: HTTPRequest) -> HTTPResponse? {
        guard let path = Self.normalised(request.path) else { return nil }
        if configuration.reloads { reload() }
        guard let file = files.withLock({ $0[path] }) else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            return HTTPError.methodNotAllowed(["GET", "HEAD"]).response()
        }
        return answer(file, request)
    }

    private func answer(_ file: StaticFile, _ request: HTTPRequest) -> HTTPResponse {
        var form = (bytes: file.bytes, tag: file.tag, coding: String?.none)
        if let gzip = file.gzip, Self.accepts(gzip: request.fields["accept-encoding"]) {
            form = (gzip, file.gzipTag, "gzip")
        }
        var fields: HTTPFields = [
            "etag": form.tag, "cache-control": configuration.cacheControl,
            "content-security-policy": configuration.contentSecurityPolicy, "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin", "x-frame-options": "DENY",
        ]
        if file.gzip != nil { fields.append("vary", "accept-encoding") }
        if Self.matches(request.fields["if-none-match"], form.tag) { return HTTPResponse(status: 304, fields: fields) }
        fields.append("content-type", file.type)
        if let coding = form.coding { fields.append("content-encoding", coding) }
        return HTTPResponse(status: 200, fields: fields, body: .bytes(form.bytes))
    }

    /// A failed scan leaves what is known: a file half written now is whole at the next request.
    private func reload() {
        files.withLock { files in
            let size = configuration.maximumSize
            if let found = try? FolderScan.files(below: root, maximumSize: size, known: files) { files = found }
        }
    }

    /// The key of a request's path: percent-decoded, `/` as `/index.html`; `nil` for what no file can be called.
    static func normalised(_ path: String) -> String? {
        var bytes: [UInt8] = []
        var rest = path.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
            bytes.append(high << 4 | low)
        }
        guard bytes.first == UInt8(ascii: "/"), !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        return text.hasSuffix("/") ? text + "index.html" : text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Whether `accept-encoding` allows gzip (RFC 9110 §12.5.3).
    static func accepts(gzip field: String?) -> Bool {
        guard let field else { return false }
        for entry in field.split(separator: ",") {
            let parts = entry.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let coding = parts.first, coding == "gzip" || coding == "*" else { continue }
            let refused = parts.dropFirst().contains {
                $0.hasPrefix("q=0") && !$0.contains { "123456789".contains($0) }
            }
            return !refused
        }
        return false
    }

    /// Whether `if-none-match` names the tag (RFC 9110 §13.1.2: weak comparison).
    static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { entry in
            var entry = entry.drop { $0 == " " }
            while entry.last == " " { entry = entry.dropLast() }
            if entry.hasPrefix("W/") { entry = entry.dropFirst(2) }
            return entry == "*" || entry == tag
        }
    }
}
