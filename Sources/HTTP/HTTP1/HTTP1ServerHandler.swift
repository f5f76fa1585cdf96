import DequeModule
import Logging
import NIOCore
import NIOHTTP1

/// The server's side of one HTTP/1.1 connection, behind NIO's decoder: one exchange at a time, in order.
///
/// `@unchecked`: everything but `eventLoop` and `onLoop` belongs to the loop.
final class HTTP1ServerHandler: ChannelDuplexHandler, LoopExecutor.Flushable, HTTPServerConnection, @unchecked Sendable
{
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    private let server: HTTPServerContext
    private let info: HTTPConnectionInfo
    private let lease: ConnectionLease
    private let executor: LoopExecutor
    private var context: ChannelHandlerContext?
    private var current: HTTP1Exchange?
    /// Its head has come, its handler starts at the end of the read: by then short content is there as well.
    private var starting: HTTP1Exchange?
    /// Parts of pipelined requests; reading stops while there are any.
    private var waiting: Deque<HTTPServerRequestPart> = []
    private var readIsHeld = false
    private var needsFlush = false
    private var isDraining = false
    /// No further request is served; input is dropped until the peer closes.
    private var isLingering = false
    private var isOver = false
    private var lastRead = NIODeadline.now()
    private var headBegan: NIODeadline?
    /// Since when the peer takes nothing of what was written.
    private var stalledSince: NIODeadline?
    private var timer: Scheduled<Void>?

    init(server: HTTPServerContext, info: HTTPConnectionInfo, lease: ConnectionLease) {
        self.server = server
        self.info = info
        self.lease = lease
        eventLoop = info.eventLoop
        executor = LoopExecutor.of(info.eventLoop)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        headBegan = .now()
        server.connections.add(self, number: info.id)
        armTimer()
    }

    // MARK: input

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver, !isLingering else { return }
        lastRead = .now()
        let part = unwrapInboundIn(data)
        if !waiting.isEmpty || (current?.inputEnded ?? false) {
            waiting.append(part)
        } else {
            take(part)
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let bytes): _ = current?.input.receive(bytes)
        case .end(let trailers):
            guard let current else { return }
            current.inputEnded = true
            current.input.finish(trailers: trailers.map { HTTPFields($0) })
            if current.isAnswered { next() }
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        headBegan = nil
        server.metrics.add(server.metrics.requestsHTTP1)
        let exchange = HTTP1Exchange(head, connection: self)
        current = exchange
        if let error = HTTP1RequestRules.violation(head, limits: server.limits) {
            if error.status == 431 { server.metrics.add(server.metrics.headTooLarge) }
            return refuse(exchange, error)
        }
        starting = exchange
    }

    private func refuse(_ exchange: HTTP1Exchange, _ error: HTTPError) {
        server.metrics.add(server.metrics.malformedHTTP1)
        server.complain("HTTP/1.1 request refused", peer: info.peer, error.description)
        exchange.keepsAlive = false
        _ = respond(exchange, error.response())
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        startIfReady()
        context.fireChannelReadComplete()
    }

    private func startIfReady() {
        guard let exchange = starting, !isOver else { return }
        starting = nil
        let request = makeRequest(exchange)
        server.metrics.add(server.metrics.requestsActive)
        lease.begin()
        let task = Task.immediate(executorPreference: executor) { await self.serve(exchange, request) }
        if !exchange.isAnswered { exchange.task = task }
    }

    private func makeRequest(_ exchange: HTTP1Exchange) -> HTTPRequest {
        let head = exchange.head
        let target = HTTP1RequestRules.target(head.uri)
        return HTTPRequest(
            method: head.method.rawValue, scheme: info.tls == nil ? "http" : "https",
            authority: target.authority ?? head.headers.first(name: "host") ?? "", path: target.path,
            query: target.query, fields: HTTPFields(head.headers), body: exchange.input, connection: info)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !isLingering, !isOver else {
            return context.close(promise: nil)
        }
        server.metrics.add(server.metrics.malformedHTTP1)
        server.complain("HTTP/1.1 request does not parse", peer: info.peer, "\(error)")
        let tooLarge = (error as? HTTPParserError) == .headerOverflow
        if tooLarge { server.metrics.add(server.metrics.headTooLarge) }
        let answer =
            tooLarge
            ? HTTPError(status: 431, code: "head_too_large", message: "The head is too large.")
            : HTTPError.badRequest("malformed", "This is no HTTP request: \(error).")
        if let current, starting == nil, !current.isAnswered {
            // Its handler runs: it learns that the content ends in nonsense.
            current.keepsAlive = false
            current.inputEnded = true
            return current.input.fail(answer)
        }
        starting = nil
        let exchange = current ?? HTTP1Exchange(Self.unparsed, connection: self)
        exchange.keepsAlive = false
        current = exchange
        _ = respond(exchange, answer.response())
    }

    /// Stands in for a head that never was.
    private static let unparsed = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")

    // MARK: back-pressure

    func read(context: ChannelHandlerContext) {
        if wantsMore { context.read() } else { readIsHeld = true }
    }

    private var wantsMore: Bool {
        isLingering || (waiting.isEmpty && (current?.input.buffered ?? 0) < server.limits.streamWindow)
    }

    func resumeReading() {
        guard readIsHeld, wantsMore, !isOver else { return }
        readIsHeld = false
        context?.read()
    }

    func onLoop(
        _ exchange: HTTP1Exchange, _ body: @escaping @Sendable (HTTP1ServerHandler, HTTP1Exchange) -> Void
    ) {
        if eventLoop.inEventLoop {
            body(self, exchange)
        } else {
            eventLoop.execute { body(self, exchange) }
        }
    }

    // MARK: the exchange

    /// The life of a request, in its own task, which the connection owns.
    private func serve(_ exchange: HTTP1Exchange, _ request: HTTPRequest) async {
        let response: HTTPResponse
        do {
            response = try await server.handler(request)
        } catch {
            response = server.response(to: error, method: request.method, path: request.path)
        }
        eventLoop.preconditionInEventLoop()
        if let writer = respond(exchange, response), case .stream(let produce) = response.body {
            do {
                writer.finish(trailers: try await produce(writer))
            } catch {
                writer.fail(error)
                server.logger.debug(
                    "response broken off", metadata: ["path": "\(request.path)", "error": "\(error)"])
                eventLoop.preconditionInEventLoop()
                if !isOver { context?.close(promise: nil) }  // a cut chunk stream is how HTTP/1.1 says so
            }
        }
        eventLoop.preconditionInEventLoop()
        server.metrics.add(server.metrics.requestsActive, -1)
        exchange.task = nil
        _ = exchange.input.abandon()
        if exchange.isAnswered || isOver { exchange.letGo() }
        resumeReading()
        lease.end()
    }

    /// Sends the head and what is there of the body; a writer comes back when the body is to be written.
    private func respond(_ exchange: HTTP1Exchange, _ response: HTTPResponse) -> HTTPBodyWriter? {
        guard !isOver, !exchange.headSent, let context else { return nil }
        server.metrics.answered(status: response.status)
        exchange.headSent = true
        if isDraining { exchange.keepsAlive = false }
        let streams = if case .stream = response.body { true } else { false }
        // Content that nobody reads must not be taken for the next request.
        if !exchange.inputEnded, !streams {
            exchange.keepsAlive = false
            _ = exchange.input.abandon()
        }
        if streams, exchange.head.isHTTP10 { exchange.keepsAlive = false }
        let bodiless = exchange.isHead || response.status == 204 || response.status == 304
        exchange.isChunked = streams && !bodiless && !exchange.head.isHTTP10
        var buffer = context.channel.allocator.buffer(capacity: 512)
        HTTP1ResponseHead.write(
            response, keepsAlive: exchange.keepsAlive, isChunked: exchange.isChunked,
            isHTTP10: exchange.head.isHTTP10, into: &buffer)
        if case .bytes(var bytes) = response.body, !bodiless { buffer.writeBuffer(&bytes) }
        send(buffer)
        guard streams, !bodiless else {
            answered(exchange)
            return nil
        }
        let writer = HTTPBodyWriter(sink: exchange, limits: .init(capacity: server.limits.streamBuffer))
        exchange.writer = writer
        return writer
    }

    func sendContinue(_ exchange: HTTP1Exchange) {
        guard exchange.wantsContinue, !exchange.headSent, !exchange.inputEnded, exchange === current else { return }
        exchange.wantsContinue = false
        send(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
    }

    /// Moves what the writer holds to the channel, while the peer takes it.
    func pump(_ exchange: HTTP1Exchange) {
        guard exchange === current, !isOver, !exchange.isAnswered, let writer = exchange.writer, let context,
            context.channel.isWritable
        else { return }
        let (bytes, drained) = writer.drainAll()
        if let bytes, bytes.readableBytes > 0 {
            guard exchange.isChunked else {
                send(bytes)
                return endIfDrained(exchange, drained)
            }
            // The octets themselves may be shared by many connections, and are not copied.
            var size = context.channel.allocator.buffer(capacity: 16)
            size.writeString(String(bytes.readableBytes, radix: 16) + "\r\n")
            send(size)
            send(bytes)
            send(Self.lineEnd)
        }
        endIfDrained(exchange, drained)
    }

    private static let lineEnd = ByteBuffer(string: "\r\n")

    private func endIfDrained(_ exchange: HTTP1Exchange, _ drained: HTTPBodyWriter.Drained) {
        guard drained.ended else { return }
        if exchange.isChunked {
            var end = ByteBuffer(string: "0\r\n")
            for (name, value) in drained.trailers ?? [:] { end.writeString("\(name): \(value)\r\n") }
            end.writeString("\r\n")
            send(end)
        }
        answered(exchange)
    }

    private func answered(_ exchange: HTTP1Exchange) {
        exchange.isAnswered = true
        if exchange.task == nil, starting !== exchange { exchange.letGo() }
        if !exchange.keepsAlive || (isDraining && exchange.inputEnded) {
            flushNow()
            if exchange.inputEnded { context?.close(promise: nil) } else { linger() }
        } else if exchange.inputEnded {
            next()
        }
    }

    /// The next pipelined request, if one waits.
    private func next() {
        guard !isOver else { return }
        current = nil
        headBegan = nil
        if isDraining { return close() }
        while current == nil || current?.inputEnded == false, let part = waiting.popFirst() { take(part) }
        if starting != nil {
            // Not within the exchange that has just ended: its task is still on the stack.
            eventLoop.execute { self.startIfReady() }
        }
        resumeReading()
    }

    /// Closing while octets are unread would reset the connection under the answer: close our half and drop theirs.
    private func linger() {
        isLingering = true
        waiting = []
        context?.close(mode: .output, promise: nil)
        resumeReading()
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in self?.close() }
    }

    // MARK: output

    private func send(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
        guard !needsFlush else { return }
        needsFlush = true
        executor.flushLater(self)
    }

    func flushNow() {
        guard needsFlush, !isOver else { return }
        needsFlush = false
        context?.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        if let current, context.channel.isWritable { pump(current) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: time

    private func armTimer() {
        let limits = server.limits
        let wait = [limits.headerTimeout, limits.idleTimeout, limits.bodyTimeout, limits.stallTimeout]
            .reduce(TimeAmount.hours(1)) { min($0, TimeAmount($1)) }
        let pause = max(.milliseconds(50), TimeAmount.nanoseconds(wait.nanoseconds / 4))
        timer = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.checkTime() }
    }

    private func checkTime() {
        guard !isOver else { return }
        let now = NIODeadline.now()
        if let headBegan, now >= headBegan + TimeAmount(server.limits.headerTimeout) {
            server.metrics.add(server.metrics.timeouts)
            server.complain("HTTP/1.1 connection timed out", peer: info.peer, "no complete head")
            return close()
        }
        if let stalledSince, now >= stalledSince + TimeAmount(server.limits.stallTimeout) {
            server.metrics.add(server.metrics.timeouts)
            server.complain("HTTP/1.1 connection timed out", peer: info.peer, "the answer is not read")
            return close()
        }
        if let current, current.input.isOverdue(now: now, timeout: TimeAmount(server.limits.bodyTimeout)) {
            server.metrics.add(server.metrics.timeouts)
            server.complain("HTTP/1.1 request timed out", peer: info.peer, "its content came too slowly")
            current.keepsAlive = false
            current.input.fail(HTTPError.requestTimeout)
        }
        if current == nil, now >= lastRead + TimeAmount(server.limits.idleTimeout) { return close() }
        armTimer()
    }

    // MARK: ends

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        let error = HTTPTransportError(.closed(retryable: false), "the connection is closed")
        if let current, !current.isAnswered {
            current.input.fail(error)
            current.writer?.fail(error)
            if let task = current.task { task.cancel() } else { current.letGo() }
        }
        current = nil
        starting = nil
        waiting = []
        context = nil
        server.connections.remove(info.id)
        lease.close()
    }

    private func close() {
        flushNow()
        context?.close(promise: nil)
    }

    func drain() {
        eventLoop.execute {
            self.isDraining = true
            if self.current == nil, !self.isOver { self.close() }
        }
    }

    func closeNow() {
        eventLoop.execute { if !self.isOver { self.close() } }
    }
}

extension HTTPFields {
    /// The fields of an HTTP/1.1 message.
    init(_ headers: HTTPHeaders) {
        self.init()
        reserve(lines: headers.count, bytes: 32 * headers.count)
        for (name, value) in headers { append(name, value) }
    }
}
