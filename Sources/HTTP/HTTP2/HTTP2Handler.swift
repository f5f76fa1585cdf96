import Logging
import NIOCore

/// What both sides of an HTTP/2 connection share: octets into the session, its events to the subclass, one flush a
/// tick.
///
/// `@unchecked`: everything but `eventLoop` and `onLoop` belongs to the loop.
class HTTP2Handler: ChannelInboundHandler, LoopExecutor.Flushable, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    let executor: LoopExecutor
    let limits: HTTPLimits
    let logger: Logger
    private(set) var context: ChannelHandlerContext?
    private var isReading = false
    private var isDirty = false
    /// A write makes the channel unwritable and its flush writable again: no reason to send from within.
    private var isSending = false
    private(set) var isOver = false
    /// Since when the peer takes nothing of what was written.
    private var stalledSince: NIODeadline?
    private var timer: Scheduled<Void>?
    var deadlines: ConnectionDeadlines
    private var made: HTTP2Session?

    init(
        _ role: HTTP2Session.Role, eventLoop: any EventLoop, limits: HTTPLimits, metrics: HTTPMetrics?, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.logger = logger
        executor = LoopExecutor.of(eventLoop)
        let now = NIODeadline.now()
        deadlines = ConnectionDeadlines(limits: limits, now: now, waitsForHead: false)
        made = HTTP2Session(role, handler: self, limits: limits, metrics: metrics, now: now)
    }

    /// Made in `init`, because it points back here.
    var session: HTTP2Session {
        guard let made else { preconditionFailure("a handler has its session from init on") }
        return made
    }

    // MARK: for subclasses

    func handle(_ event: HTTP2Event) {}
    /// The connection is gone; `streams` were still open.
    func ended(streams: [HTTP2Stream]) {}
    func bodyWanted(_ stream: HTTP2Stream) {}
    /// Output was collected; `true` when more was submitted on that account.
    func afterFlush() -> Bool { false }
    /// GOAWAY has left; `noError` is not reported.
    func sentGoAway(_ code: HTTP2ErrorCode) {}
    /// Now and then, at least each `HTTPLimits.headerTimeout`.
    func checkStreams(now: NIODeadline) {}
    /// Whether a quiet connection is kept by pings.
    var keepsAlive: Bool { session.streamCount > 0 }

    // MARK: from the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        session.start()
        markDirty()
        armTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        isReading = true
        isDirty = true
        let now = NIODeadline.now()
        deadlines.received(now: now)
        do {
            try session.receive(unwrapInboundIn(data), now: now)
        } catch {
            drainEvents()
            logger.info("HTTP/2 session ends", metadata: ["code": "\(error.code)", "reason": "\(error.reason)"])
            fail(error.code)
            return
        }
        drainEvents()
    }

    private func drainEvents() {
        for event in session.takeEvents() {
            // An event may have ended the connection: of those after it only ends of streams still matter.
            if isOver {
                guard case .closed = event else { continue }
            }
            handle(event)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flushNow()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        if context.channel.isWritable, !isSending {
            isDirty = true
            flushNow()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection error", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        drainEvents()
        ended(streams: session.releaseAll())
        context = nil
    }

    // MARK: output

    /// Something was submitted: it leaves at the end of this tick. Only on the loop.
    func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        if !isReading { executor.flushLater(self) }
    }

    func flushNow() {
        guard isDirty, !isReading, !isOver, let context else { return }
        isDirty = false
        send(context)
        if !isOver, afterFlush() { send(context) }
        if let code = session.takeSentGoAway() { sentGoAway(code) }
        guard !isOver, session.isOver else { return }
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        isSending = true
        defer { isSending = false }
        while context.channel.isWritable {
            var buffer = executor.takeScratch()
            let more = session.collect(into: &buffer, upTo: 60 << 10)
            defer { executor.putScratch(buffer) }
            guard buffer.readableBytes > 0 else { break }
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            guard more, !isOver else { break }
        }
    }

    /// GOAWAY with the code, as far as it can still be sent, and the end.
    func fail(_ code: HTTP2ErrorCode) {
        session.terminate(code)
        isReading = false
        isDirty = true
        flushNow()
        context?.close(promise: nil)
    }

    // MARK: from streams

    func onLoop(_ stream: HTTP2Stream, _ body: @escaping @Sendable (HTTP2Handler, HTTP2Stream) -> Void) {
        if eventLoop.inEventLoop {
            body(self, stream)
        } else {
            eventLoop.execute { body(self, stream) }
        }
    }

    func resume(_ stream: HTTP2Stream) {
        guard !isOver, !stream.isClosed else { return }
        session.resume(stream)
        markDirty()
    }

    func consumed(_ stream: HTTP2Stream, _ count: Int) {
        guard !isOver else { return }
        session.consumed(stream, count)
        markDirty()
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard !isOver, !stream.isClosed else { return }
        session.reset(stream, code)
        markDirty()
    }

    // MARK: time

    func armTimer() {
        let deadline = deadlines.next(
            now: .now(), headBegan: session.headBegan, streams: session.streamCount, keepsAlive: keepsAlive)
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.checkTime() }
    }

    private func checkTime() {
        guard !isOver else { return }
        let now = NIODeadline.now()
        let order = deadlines.check(
            now: now, headBegan: session.headBegan, streams: session.streamCount, keepsAlive: keepsAlive)
        switch order {
        case .nothing: break
        case .ping:
            session.ping(ConnectionDeadlines.keepAlivePing)
            markDirty()
        case .closeIdle: closeIdle()
        case .closeLate(let reason): closeLate(reason)
        }
        if !isOver { checkStreams(now: now) }
        if !isOver, let stalledSince, now >= stalledSince + TimeAmount(limits.stallTimeout) {
            closeLate("what was sent is not read")
        }
        if !isOver { armTimer() }
    }

    func closeIdle() { fail(.noError) }

    func closeLate(_ reason: String) {
        logger.debug("connection timed out", metadata: ["reason": "\(reason)"])
        fail(.noError)
    }
}
