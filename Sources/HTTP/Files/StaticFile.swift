import NIOCore
import TLS

/// One file in memory, as it is and compressed.
struct StaticFile: Sendable {
    /// What tells a changed file from the one that was read.
    struct Stamp: Equatable {
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }

    let bytes: ByteBuffer
    /// `nil` where compression gains nothing.
    let gzip: ByteBuffer?
    let type: String
    let tag: String
    let gzipTag: String
    let stamp: Stamp

    init(_ content: [UInt8], name: String, stamp: Stamp) {
        bytes = ByteBuffer(bytes: content)
        self.stamp = stamp
        let (type, compresses) = Self.type(of: name)
        self.type = type
        let hash = String(SHA256.hex(of: content).prefix(32))
        tag = "\"\(hash)\""
        gzipTag = "\"\(hash)-gz\""
        let compressed = compresses && content.count > 256 ? Gzip.compress(bytes) : nil
        gzip = compressed.flatMap { $0.readableBytes < content.count * 9 / 10 ? $0 : nil }
    }

    /// Content type by the name's ending, and whether compression pays.
    static func type(of name: String) -> (type: String, compresses: Bool) {
        let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return switch ending {
        case "html": ("text/html; charset=utf-8", true)
        case "css": ("text/css; charset=utf-8", true)
        case "js", "mjs": ("text/javascript; charset=utf-8", true)
        case "json", "map": ("application/json", true)
        case "yaml", "yml": ("application/yaml", true)
        case "txt", "md": ("text/plain; charset=utf-8", true)
        case "svg": ("image/svg+xml", true)
        case "ico": ("image/x-icon", true)
        case "png": ("image/png", false)
        case "jpg", "jpeg": ("image/jpeg", false)
        case "webp": ("image/webp", false)
        case "woff2": ("font/woff2", false)
        case "webmanifest": ("application/manifest+json", true)
        default: ("application/octet-stream", false)
        }
    }
}
