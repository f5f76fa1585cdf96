import Logging
import NIOCore
import NIOHTTP1
import TLS

/// Decides what a new connection speaks: by ALPN where TLS chose, else by the first octets (RFC 9113 §3.4). Then it
/// puts the right handlers in its place and hands on what it has read.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler, HTTPServerConnection, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let server: HTTPServerContext
    private let lease: ConnectionLease
    private let number: UInt64
    private let peer: String
    private let eventLoop: any EventLoop
    private let isTLS: Bool
    private var session: TLSSession?
    private var buffer: ByteBuffer?
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    private var isDone = false

    init(
        server: HTTPServerContext, lease: ConnectionLease, number: UInt64, peer: String, channel: any Channel,
        isTLS: Bool
    ) {
        self.server = server
        self.lease = lease
        self.number = number
        self.peer = peer
        eventLoop = channel.eventLoop
        self.isTLS = isTLS
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(server.limits.headerTimeout)) { [weak self] in
            self?.isLate()
        }
        server.connections.add(self, number: number)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted {
            session = event.session
            switch event.session.applicationProtocol {
            case "h2": install(.http2, context)
            case "http/1.1": install(.http1, context)
            default: break  // no ALPN: the first octets decide
            }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        if buffer == nil {
            buffer = bytes
        } else {
            buffer?.writeBuffer(&bytes)
        }
        guard let buffer, let version = Self.version(of: buffer.readableBytesView.prefix(4)) else { return }
        install(version, context)
    }

    /// The version that begins so, or `nil` when more octets must tell. `PRI ` is a method that only HTTP/2 may use.
    static func version(of start: some Collection<UInt8>) -> HTTPVersion? {
        let preface = "PRI ".utf8
        guard start.elementsEqual(preface.prefix(start.count)) else { return .http1 }
        return start.count >= preface.count ? .http2 : nil
    }

    private func install(_ version: HTTPVersion, _ context: ChannelHandlerContext) {
        isDone = true
        timer?.cancel()
        let info = HTTPConnectionInfo(id: number, peer: peer, version: version, tls: session, eventLoop: eventLoop)
        let operations = context.pipeline.syncOperations
        do {
            switch version {
            case .http2:
                try operations.addHandler(
                    HTTP2ServerHandler(server: server, info: info, lease: lease), position: .after(self))
            case .http1:
                var limits = NIOHTTPDecoderLimitConfiguration()
                limits.maxHeaderFieldSize = server.limits.headerListSize
                limits.maxHeaderListSize = server.limits.headerListSize
                limits.maxHeaderFieldCount = server.limits.headerCount
                let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                let handler = HTTP1ServerHandler(server: server, info: info, lease: lease)
                try operations.addHandler(handler, position: .after(self))
                try operations.addHandler(ByteToMessageHandler(decoder), position: .after(self))
            }
        } catch {
            server.logger.error("a connection cannot be set up", metadata: ["error": "\(error)"])
            isDone = false  // the end of the channel is still ours to report
            return context.close(promise: nil)
        }
        if let buffer {
            self.buffer = nil
            context.fireChannelRead(NIOAny(buffer))
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is TLSError {
            server.metrics.add(server.metrics.tlsFailures)
            server.complain("TLS handshake failed", peer: peer, "\(error)")
        }
        context.close(promise: nil)
    }

    private func isLate() {
        guard !isDone else { return }
        server.metrics.add(server.metrics.timeouts)
        context?.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            timer?.cancel()
            server.connections.remove(number)
            lease.close()
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func drain() { closeNow() }

    func closeNow() {
        eventLoop.execute { if !self.isDone { self.context?.close(promise: nil) } }
    }
}
