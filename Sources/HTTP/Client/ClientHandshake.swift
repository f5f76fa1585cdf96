import NIOCore
import TLS

/// Waits for a client's TLS handshake, then puts HTTP/2 in its place; another ALPN answer is an error.
final class ClientHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let handler: HTTP2ClientHandler
    private let ready: EventLoopPromise<Void>
    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?
    private var isDone = false

    init(handler: HTTP2ClientHandler, ready: EventLoopPromise<Void>, timeout: TimeAmount) {
        self.handler = handler
        self.ready = ready
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.end(context.value, HTTPTransportError(.timeout, "the TLS handshake took too long"))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSHandshakeCompleted else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard event.session.applicationProtocol == "h2" else {
            return end(context, HTTPTransportError(.violation, "the peer does not speak HTTP/2"))
        }
        do {
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            return end(context, error)
        }
        isDone = true
        timer?.cancel()
        ready.succeed()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, error) }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, HTTPTransportError(.connect, "the peer closed during the TLS handshake"))
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ error: any Error) {
        guard !isDone else { return }
        isDone = true
        timer?.cancel()
        ready.fail(error)
        context.close(promise: nil)
    }
}
