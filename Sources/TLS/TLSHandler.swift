public import NIOCore

/// Fired down the pipeline as a user event when the handshake is done.
public struct TLSHandshakeCompleted: Sendable {
    /// What was negotiated.
    public let session: TLSSession
}

/// TLS as a channel handler: one flush becomes as few records as fit.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private enum Phase { case handshaking, open, ended }

    private let connection: TLSConnection
    private let startsHandshake: Bool
    private var phase = Phase.handshaking
    private var plain: ByteBuffer?
    private var promises: [EventLoopPromise<Void>] = []
    private var flushWanted = false

    /// A handler for one channel. `serverName` is what a client asks for and verifies.
    public init(context: TLSContext, serverName: String? = nil) throws(TLSError) {
        connection = try TLSConnection(context: context, serverName: serverName)
        startsHandshake = context.role == .client
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    public func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        if startsHandshake, phase == .handshaking { shakeHands(context) }
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .ended else { return }
        connection.feed(unwrapInboundIn(data))
        if phase == .handshaking { shakeHands(context) }
        if phase == .open { decrypt(context) }
    }

    private func shakeHands(_ context: ChannelHandlerContext) {
        let step = connection.handshake()
        sendOutput(context, promise: nil)
        switch step {
        case .needsInput: break
        case .closed: fail(context, TLSError(.handshake, "the peer closed during the handshake"))
        case .failed(let error): fail(context, error)
        case .done:
            phase = .open
            context.fireUserInboundEventTriggered(TLSHandshakeCompleted(session: connection.session()))
            if flushWanted { encrypt(context) }
        }
    }

    private func decrypt(_ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 16 << 10)
        var step = connection.read(into: &buffer)
        while case .done = step, buffer.readableBytes < 128 << 10 { step = connection.read(into: &buffer) }
        if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
        // The pipeline below may have closed us.
        guard phase == .open else { return }
        switch step {
        case .done: decrypt(context)
        case .needsInput: sendOutput(context, promise: nil)  // a key update is answered here
        case .closed:
            phase = .ended
            connection.shutdown()
            sendOutput(context, promise: nil)
            context.close(promise: nil)
        case .failed(let error): fail(context, error)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard phase != .ended else { return }
        phase = .ended
        sendOutput(context, promise: nil)
        for promise in promises { promise.fail(error) }
        promises = []
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase != .ended else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var bytes = unwrapOutboundIn(data)
        if plain == nil {
            plain = bytes
        } else {
            plain?.writeBuffer(&bytes)
        }
        if let promise { promises.append(promise) }
    }

    public func flush(context: ChannelHandlerContext) {
        flushWanted = true
        if phase == .open { encrypt(context) }
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        flushWanted = false
        guard let bytes = plain else {
            context.flush()
            return
        }
        plain = nil
        let waiting = promises
        promises = []
        switch connection.write(bytes) {
        case .done:
            guard !waiting.isEmpty else { return sendOutput(context, promise: nil) }
            let promise = context.eventLoop.makePromise(of: Void.self)
            for waiter in waiting { promise.futureResult.cascade(to: waiter) }
            sendOutput(context, promise: promise)
        case .needsInput, .closed:
            // Renegotiation is off, so a write never waits for the peer: the connection is over.
            for waiter in waiting { waiter.fail(ChannelError.ioOnClosedChannel) }
        case .failed(let error):
            for waiter in waiting { waiter.fail(error) }
            fail(context, error)
        }
    }

    private func sendOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard let bytes = connection.takeOutput(context.channel.allocator) else {
            promise?.succeed()
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if phase == .open, mode != .input {
            if plain != nil { encrypt(context) }
            phase = mode == .all ? .ended : .open
            connection.shutdown()
            sendOutput(context, promise: nil)
        }
        context.close(mode: mode, promise: promise)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        let wasHandshaking = phase == .handshaking
        phase = .ended
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
        promises = []
        if wasHandshaking {
            context.fireErrorCaught(TLSError(.handshake, "the peer closed during the handshake"))
        }
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension TLSHandler: Sendable {}
