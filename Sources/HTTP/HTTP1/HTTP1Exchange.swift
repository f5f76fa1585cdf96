import NIOCore
import NIOHTTP1

extension HTTPRequestHead {
    /// Neither chunks nor `100 Continue`.
    var isHTTP10: Bool { version.major == 1 && version.minor == 0 }
}

/// One request and its answer on an HTTP/1.1 connection.
///
/// `@unchecked`: its state belongs to the loop; what other threads call hops there.
final class HTTP1Exchange: HTTPBodySource, HTTPBodySink, @unchecked Sendable {
    let connection: HTTP1ServerHandler
    let head: HTTPRequestHead
    private(set) var input: HTTPBody = .empty
    var inputEnded = false
    var writer: HTTPBodyWriter?
    var isChunked = false
    var wantsContinue: Bool
    var headSent = false
    var keepsAlive: Bool
    /// The answer is complete.
    var isAnswered = false
    var task: Task<Void, Never>?

    init(_ head: HTTPRequestHead, connection: HTTP1ServerHandler) {
        self.head = head
        self.connection = connection
        keepsAlive = head.isKeepAlive
        wantsContinue = !head.isHTTP10 && head.headers.first(name: "expect")?.lowercased() == "100-continue"
        let length = head.headers.first(name: "content-length").flatMap { Int($0) }
        let hasContent = (length ?? 0) > 0 || head.headers.contains(name: "transfer-encoding")
        if hasContent { input = HTTPBody(source: self, expectedLength: length) }
    }

    /// The exchange is over on both sides: content and writer, which point back here, are let go.
    func letGo() {
        input = .empty
        writer = nil
    }

    var isHead: Bool { head.method == .HEAD }

    func bodyReady() { connection.onLoop(self) { $0.pump($1) } }
    func bodyWanted() { connection.onLoop(self) { $0.sendContinue($1) } }
    func bodyConsumed(_ count: Int) { connection.onLoop(self) { connection, _ in connection.resumeReading() } }
}
