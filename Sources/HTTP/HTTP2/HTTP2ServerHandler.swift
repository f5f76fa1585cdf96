import Logging
import NIOCore
import TLS

/// The server's side of one HTTP/2 connection: starts a handler for each request, on the loop, and sends its answer.
final class HTTP2ServerHandler: HTTP2Handler, HTTPServerConnection, @unchecked Sendable {
    private let server: HTTPServerContext
    private let info: HTTPConnectionInfo
    private let lease: ConnectionLease
    /// Served streams whose content still comes.
    private var unwanted: [HTTP2Stream] = []
    private var isDraining = false
    private var sentLastGoAway = false
    private static let drainPing: UInt64 = 0x6472_6169

    init(server: HTTPServerContext, info: HTTPConnectionInfo, lease: ConnectionLease) {
        self.server = server
        self.info = info
        self.lease = lease
        super.init(
            .server, eventLoop: info.eventLoop, limits: server.limits, metrics: server.metrics, logger: server.logger)
    }

    override func handlerAdded(context: ChannelHandlerContext) {
        super.handlerAdded(context: context)
        server.connections.add(self, number: info.id)
    }

    // MARK: events

    override func handle(_ event: HTTP2Event) {
        switch event {
        case .head(let stream): start(stream)
        case .closed(let stream, let code): closed(stream, code)
        case .pong(let payload): if payload == Self.drainPing { sendLastGoAway() }
        case .goAway, .settings: break
        case .invalidFrame(let stream, let type, let reason):
            server.complain(
                "HTTP/2 frame refused", peer: info.peer, "stream \(stream), frame type \(type): \(reason)")
        case .flood(let what):
            server.complain("HTTP/2 peer floods", peer: info.peer, what)
            fail(.enhanceYourCalm)
        }
    }

    private func start(_ stream: HTTP2Stream) {
        guard !stream.isClosed else { return }
        let metrics = server.metrics
        metrics.add(metrics.requestsHTTP2)
        if stream.head.isTooLarge {
            metrics.add(metrics.headTooLarge)
            let error = HTTPError(
                status: 431, code: "head_too_large",
                message: "A head may have \(limits.headerCount) lines and \(limits.headerListSize) octets.")
            return refuse(stream, error)
        }
        if stream.head.method == "CONNECT" {
            return refuse(stream, HTTPError(status: 501, code: "not_implemented", message: "CONNECT is not served."))
        }
        let hasNoContent = stream.inputEnded && stream.input == nil
        if stream.input == nil { stream.input = stream.inputEnded ? .empty : session.makeInput(stream) }
        if stream.inputEnded { stream.input?.finish() }
        stream.isHead = stream.head.method == "HEAD"
        stream.wantsContinue = !stream.inputEnded && stream.head.fields["expect"]?.lowercased() == "100-continue"
        let request = makeRequest(stream)
        if hasNoContent, let immediate = server.immediate, var response = immediate(request) {
            let writer = respond(stream, &response)
            precondition(writer == nil, "an immediate answer has its content")
            stream.isServed = true
            return
        }
        metrics.add(metrics.requestsActive)
        lease.begin()
        let task = Task.immediate(executorPreference: executor) { await self.serve(stream, request) }
        // The handler may have ended within the line above.
        if stream.isServed { return }
        stream.task = task
        if stream.isClosed { task.cancel() }
    }

    private func makeRequest(_ stream: HTTP2Stream) -> HTTPRequest {
        let head = stream.head
        stream.head.fields = HTTPFields()
        var path = head.path
        var query: String?
        if let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) {
            query = String(path[path.index(after: mark)...])
            path = String(path[..<mark])
        }
        return HTTPRequest(
            method: head.method, scheme: head.scheme, authority: head.authority, path: path, query: query,
            fields: head.fields, body: stream.input ?? .empty, connection: info)
    }

    /// The life of a request, in its own task, which the stream owns.
    private func serve(_ stream: HTTP2Stream, _ request: HTTPRequest) async {
        var response: HTTPResponse
        do {
            response = try await server.handler(request)
        } catch {
            response = server.response(to: error, method: request.method, path: request.path)
        }
        if let writer = onLoopNow({ self.respond(stream, &response) }), case .stream(let produce) = response.body {
            do {
                writer.finish(trailers: try await produce(writer))
            } catch {
                writer.fail(error)
                onLoopNow { self.breakOff(stream, error, request) }
            }
        }
        onLoopNow { self.finished(stream) }
    }

    /// The task prefers the loop, so after every suspension it is there again.
    private func onLoopNow<Result>(_ body: () -> Result) -> Result {
        eventLoop.preconditionInEventLoop()
        return body()
    }

    private func refuse(_ stream: HTTP2Stream, _ error: HTTPError) {
        var response = error.response()
        _ = respond(stream, &response)
        stream.isServed = true
        if !stream.inputEnded { unwanted.append(stream) }
    }

    // MARK: answers

    /// Submits the answer; a writer comes back when the body is to be written. Takes the fields out of the response, so
    /// that adding to them copies nothing.
    private func respond(_ stream: HTTP2Stream, _ response: inout HTTPResponse) -> HTTPBodyWriter? {
        guard !isOver, !stream.isClosed else { return nil }
        server.metrics.answered(status: response.status)
        var fields = HTTPFields()
        swap(&fields, &response.fields)
        var writer: HTTPBodyWriter?
        let bodiless = stream.isHead || response.status == 204 || response.status == 304
        var hasBody = false
        switch response.body {
        case .none:
            if response.status != 204, response.status != 304, response.trailers == nil, !stream.isHead,
                !fields.contains("content-type")
            {
                fields["content-length"] = "0"
            }
            hasBody = response.trailers != nil
        case .bytes(let bytes):
            if !fields.contains("content-length"), response.trailers == nil, response.status != 204 {
                fields.append("content-length", String(bytes.readableBytes))
            }
            hasBody = !bodiless && (bytes.readableBytes > 0 || response.trailers != nil)
            if hasBody { stream.output = .bytes(bytes) }
        case .stream:
            hasBody = !bodiless
            if hasBody {
                let made = HTTPBodyWriter(sink: stream, limits: .init(capacity: limits.streamBuffer))
                stream.output = .writer(made)
                writer = made
            }
        }
        if !fields.contains("date") { HTTPDate.append(to: &fields) }
        stream.outputTrailers = response.trailers
        session.respond(stream, status: response.status, fields: fields, hasBody: hasBody)
        markDirty()
        return writer
    }

    override func bodyWanted(_ stream: HTTP2Stream) {
        guard stream.wantsContinue, !isOver, !stream.isClosed, !stream.outputEnded else { return }
        stream.wantsContinue = false
        session.sendContinue(stream)
        markDirty()
    }

    private func breakOff(_ stream: HTTP2Stream, _ error: any Error, _ request: HTTPRequest) {
        guard !isOver, !stream.isClosed else { return }
        logger.debug("response broken off", metadata: ["path": "\(request.path)", "error": "\(error)"])
        session.reset(stream, error is CancellationError ? .cancel : .internalError)
        markDirty()
    }

    private func finished(_ stream: HTTP2Stream) {
        server.metrics.add(server.metrics.requestsActive, -1)
        stream.task = nil
        stream.isServed = true
        // Nobody will read what is left of the content.
        if let input = stream.input, !stream.inputEnded || input.buffered > 0 {
            let dropped = input.abandon()
            if dropped > 0, !isOver { session.consumed(stream, dropped) }
        }
        if stream.isClosed {
            stream.letGo()
        } else if !stream.inputEnded {
            unwanted.append(stream)
        }
        lease.end()
    }

    /// Where the answer is complete and content still comes, NO_ERROR asks to stop it (RFC 9113 §8.1).
    override func afterFlush() -> Bool {
        guard !unwanted.isEmpty else { return false }
        let answered = unwanted.filter { $0.outputEnded && !$0.isClosed && !$0.inputEnded }
        unwanted.removeAll { $0.outputEnded || $0.isClosed || $0.inputEnded }
        for stream in answered { session.reset(stream, .noError) }
        return !answered.isEmpty
    }

    // MARK: ends

    private func closed(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        if stream.isServed || !stream.headIsComplete {
            stream.letGo()
            return checkDrained()
        }
        let error = HTTPTransportError(.reset(code), "the stream was ended by \(code)")
        if !stream.inputEnded { stream.input?.fail(error) }
        stopAnswering(stream, error)
        checkDrained()
    }

    private func stopAnswering(_ stream: HTTP2Stream, _ error: HTTPTransportError) {
        guard !stream.outputEnded else { return }
        if case .writer(let writer) = stream.output { writer.fail(error) }
        stream.task?.cancel()
    }

    override func ended(streams: [HTTP2Stream]) {
        let error = HTTPTransportError(.closed(retryable: false), "the connection is closed")
        for stream in streams {
            stream.input?.fail(error)
            if case .writer(let writer) = stream.output { writer.fail(error) }
            if let task = stream.task { task.cancel() } else { stream.letGo() }
        }
        server.connections.remove(info.id)
        lease.close()
    }

    override func closeIdle() {
        session.goAway(.noError)
        markDirty()
    }

    override func sentGoAway(_ code: HTTP2ErrorCode) {
        server.complain("HTTP/2 connection refused", peer: info.peer, "GOAWAY \(code)")
    }

    /// Content that comes too slowly fails its reader; a stream whose answer the peer does not take is reset.
    override func checkStreams(now: NIODeadline) {
        for stream in session.openStreams {
            if let input = stream.input, input.isOverdue(now: now, timeout: TimeAmount(limits.bodyTimeout)) {
                late("its content came too slowly")
                input.fail(HTTPError.requestTimeout)
            }
            if stream.isStalled(now: now, timeout: TimeAmount(limits.stallTimeout)) {
                late("the answer is not taken")
                session.reset(stream, .cancel)
                // The stream's end is told with the peer's next octets, and there may be none: the handler shall not wait.
                stopAnswering(stream, HTTPTransportError(.reset(.cancel), "the peer does not take the answer"))
                markDirty()
            }
        }
    }

    private func late(_ reason: String) {
        server.metrics.add(server.metrics.timeouts)
        server.complain("HTTP/2 request timed out", peer: info.peer, reason)
    }

    override func closeLate(_ reason: String) {
        server.metrics.add(server.metrics.timeouts)
        server.complain("HTTP/2 connection timed out", peer: info.peer, reason)
        fail(.noError)
    }

    // MARK: drain, in two steps (RFC 9113 §6.8)

    func drain() {
        eventLoop.execute {
            guard !self.isOver, !self.isDraining else { return }
            self.isDraining = true
            self.session.announceShutdown()
            self.session.ping(Self.drainPing)
            self.markDirty()
            // A peer that answers no ping gets its second GOAWAY all the same.
            self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.sendLastGoAway() }
        }
    }

    private func sendLastGoAway() {
        guard isDraining, !sentLastGoAway, !isOver else { return }
        sentLastGoAway = true
        session.goAway(.noError)
        markDirty()
        checkDrained()
    }

    private func checkDrained() {
        // With GOAWAY sent and no stream left the session is over, and the flush closes the connection.
        if sentLastGoAway, session.streamCount == 0, !isOver { markDirty() }
    }

    func closeNow() {
        eventLoop.execute {
            guard !self.isOver else { return }
            self.fail(.noError)
        }
    }
}
