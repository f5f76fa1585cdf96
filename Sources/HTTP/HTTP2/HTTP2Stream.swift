import NIOCore

/// One stream of a connection, of either side. nghttp2 holds a pointer to it; the session's table owns it.
///
/// `@unchecked`: its state belongs to the loop. What other threads call (`bodyReady`, `bodyConsumed`, `bodyWanted`)
/// only hops there.
final class HTTP2Stream: HTTPBodySource, HTTPBodySink, @unchecked Sendable {
    /// What the stream sends after its head.
    enum Output {
        case none
        case bytes(ByteBuffer)
        case writer(HTTPBodyWriter)
    }

    let connection: HTTP2Handler
    var id: Int32 = 0
    /// Place in the session's table.
    var slot = -1

    var head = HTTP2Head()
    var trailer = HTTP2Head()
    var headIsComplete = false
    /// The peer has ended its side.
    var inputEnded = false
    var input: HTTPBody?

    var output = Output.none
    var outputTrailers: HTTPFields?
    var outputEnded = false
    /// Octets that have left.
    private(set) var sent = 0
    /// What had left when the connection last looked, and since when nothing has, though there is something.
    private var seen = 0
    private var stalledSince: NIODeadline?
    /// The provider had nothing; nghttp2 waits for a resume.
    var isDeferred = false
    var isClosed = false

    /// Server: the handler's task while it runs, and what it must know about the request.
    var task: Task<Void, Never>?
    var isHead = false
    var wantsContinue = false
    /// The handler has ended, its answer was submitted.
    var isServed = false
    /// Client: where the response is awaited.
    var exchange: HTTPClientStream?

    init(connection: HTTP2Handler) { self.connection = connection }

    /// The exchange is over on both sides: content and writer, which point back here, are let go.
    func letGo() {
        input = nil
        output = .none
        exchange = nil
    }

    func bodyReady() { connection.onLoop(self) { $0.resume($1) } }

    func bodyConsumed(_ count: Int) {
        if connection.eventLoop.inEventLoop {
            connection.consumed(self, count)
        } else {
            connection.eventLoop.execute { self.connection.consumed(self, count) }
        }
    }

    func bodyWanted() { connection.onLoop(self) { $0.bodyWanted($1) } }

    /// Whether there was something to send for so long, and the peer has taken nothing.
    func isStalled(now: NIODeadline, timeout: TimeAmount) -> Bool {
        if case .none = output { return false }
        guard !outputEnded, !isDeferred, sent == seen else {
            seen = sent
            stalledSince = nil
            return false
        }
        guard let since = stalledSince else {
            stalledSince = now
            return false
        }
        return now >= since + timeout
    }

    /// Content for a DATA frame.
    enum Read: Equatable {
        case octets(Int)
        case end(Int, HTTPFields?)
        case later
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Read {
        switch output {
        case .none:
            outputEnded = true
            return .end(0, outputTrailers)
        case .bytes(var bytes):
            output = .none
            let count = min(target.count, bytes.readableBytes)
            unsafe bytes.readWithUnsafeReadableBytes { source in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
                return count
            }
            sent += count
            guard bytes.readableBytes > 0 else {
                outputEnded = true
                return .end(count, outputTrailers)
            }
            output = .bytes(bytes)
            return .octets(count)
        case .writer(let writer):
            let drained = unsafe writer.drain(into: target)
            sent += drained.count
            if drained.ended {
                outputEnded = true
                return .end(drained.count, drained.trailers)
            }
            guard drained.count == 0 else { return .octets(drained.count) }
            isDeferred = true
            return .later
        }
    }
}
