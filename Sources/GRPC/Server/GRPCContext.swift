public import HTTP
public import NIOCore
import Synchronization

/// What a handler knows of its call besides the messages, and what it answers besides them.
public final class GRPCContext<Identity: Sendable>: Sendable {
    /// Who calls, as the router's authentication says.
    public let identity: Identity
    /// `/service/Method`.
    public let path: String
    /// The caller's metadata.
    public let metadata: GRPCMetadata
    /// When the caller gives up; the handler's task is cancelled then.
    public let deadline: ContinuousClock.Instant?
    /// What the call's connection shares with others.
    public let connection: HTTPConnectionInfo

    let requestCodec: GRPCCodec
    let acceptsGzip: Bool
    private let reply: Mutex<Reply>

    private struct Reply {
        var initial = GRPCMetadata()
        var trailing = GRPCMetadata()
        var compress: Bool
    }

    init(
        identity: Identity, request: HTTPRequest, deadline: ContinuousClock.Instant?, requestCodec: GRPCCodec,
        acceptsGzip: Bool, compress: Bool
    ) {
        self.identity = identity
        path = request.path
        metadata = GRPCMetadata(fields: request.fields)
        self.deadline = deadline
        connection = request.connection
        self.requestCodec = requestCodec
        self.acceptsGzip = acceptsGzip
        reply = Mutex(Reply(compress: compress))
    }

    /// The loop on which the call's handler was started.
    public var eventLoop: any EventLoop { connection.eventLoop }

    /// Metadata before the first message. In a streaming call it counts when `opening` sets it, since the head leaves
    /// then; in the others until the handler returns.
    public var initialMetadata: GRPCMetadata {
        get { reply.withLock { $0.initial } }
        set { reply.withLock { $0.initial = newValue } }
    }

    /// Metadata after the last message.
    public var trailingMetadata: GRPCMetadata {
        get { reply.withLock { $0.trailing } }
        set { reply.withLock { $0.trailing = newValue } }
    }

    /// Whether messages to the caller are compressed, where the caller understands gzip; the router's rule at first.
    public var compressesMessages: Bool {
        get { reply.withLock { $0.compress } }
        set { reply.withLock { $0.compress = newValue } }
    }

    /// How messages to the caller are written.
    var responseCodec: GRPCCodec {
        GRPCCodec(compression: acceptsGzip ? .gzip : .identity, limit: requestCodec.limit)
    }

    /// The fields before the first message.
    func head(compressed: Bool) -> HTTPFields {
        let initial = initialMetadata
        if !compressed && initial.isEmpty { return GRPCFields.plainHead }
        var fields = compressed ? GRPCFields.gzipHead : GRPCFields.plainHead
        fields.append(contentsOf: initial.fields)
        return fields
    }

    /// The fields after the last message of a call that succeeded.
    func trailers() -> HTTPFields {
        let trailing = trailingMetadata
        if trailing.isEmpty { return GRPCFields.ok }
        var fields = GRPCFields.ok
        fields.append(contentsOf: trailing.fields)
        return fields
    }

    /// The fields after the last message of a call that failed.
    func trailers(_ status: GRPCStatus) -> HTTPFields {
        var fields = HTTPFields()
        status.write(to: &fields)
        fields.append(contentsOf: trailingMetadata.fields)
        return fields
    }
}

/// Fields that most calls share; copying them allocates nothing.
enum GRPCFields {
    static let plainHead: HTTPFields = [
        "content-type": "application/grpc", "grpc-accept-encoding": GRPCCompression.accepted,
    ]
    static let gzipHead: HTTPFields = [
        "content-type": "application/grpc", "grpc-accept-encoding": GRPCCompression.accepted, "grpc-encoding": "gzip",
    ]
    static let ok: HTTPFields = ["grpc-status": "0"]
}
