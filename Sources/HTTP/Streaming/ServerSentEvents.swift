public import NIOCore
import Synchronization

/// A stream of events to one client, in bounded memory.
///
/// ``offer(_:)`` never waits. A client that does not read loses what was buffered for it and gets nothing more until it
/// has caught up; then its next event is `resync`, upon which it reads the state anew. So a stuck client costs one
/// partly sent event.
public final class ServerSentEvents: Sendable {
    private let writer: HTTPBodyWriter
    private let limit: Int
    private let isLagging = Mutex(false)

    /// Octets buffered for a client before it counts as lagging.
    public static let defaultLimit = 32 << 10

    init(writer: HTTPBodyWriter, limit: Int) {
        self.writer = writer
        self.limit = limit
    }

    /// The response whose body is the events that `produce` sends; the stream ends with it.
    public static func response(
        limit: Int = defaultLimit, fields: HTTPFields = [:],
        _ produce: @escaping @Sendable (ServerSentEvents) async throws -> Void
    ) -> HTTPResponse {
        var fields = fields
        fields["content-type"] = "text/event-stream"
        fields["cache-control"] = "no-store"
        fields["x-accel-buffering"] = "no"
        return HTTPResponse(
            status: 200, fields: fields,
            body: .stream { writer in
                // A first comment makes the head leave at once, also through proxies.
                try await writer.write(ByteBuffer(string: ":\n\n"))
                try await produce(ServerSentEvents(writer: writer, limit: limit))
                return nil
            })
    }

    /// Sends an event if the client keeps up. `false`: it is lagging and the event is lost for it.
    public func offer(_ event: ServerSentEvent) -> Bool { offer(event.encoded()) }

    /// The same for an event that was encoded once for many clients.
    public func offer(_ encoded: ByteBuffer) -> Bool {
        isLagging.withLock { lagging in
            if lagging {
                guard writer.buffered == 0, writer.offer(Self.resync) else { return false }
                lagging = false
            }
            guard writer.buffered + encoded.readableBytes <= limit, writer.offer(encoded) else {
                lagging = true
                writer.discardWhole()
                return false
            }
            return true
        }
    }

    /// A comment that shows a proxy and the client that the stream lives.
    public func keepAlive() {
        if writer.buffered == 0 { _ = writer.offer(Self.comment) }
    }

    /// Sends an event and waits while the client does not read.
    public func send(_ event: ServerSentEvent) async throws { try await writer.write(event.encoded()) }

    /// Returns when the client has taken most of what is buffered; a producer with nothing better to do waits so.
    public func waitForRoom() async throws { try await writer.waitForRoom() }

    /// Whether the client is gone.
    public var isOver: Bool { writer.isOver }

    /// Octets buffered for the client.
    public var buffered: Int { writer.buffered }

    private static let resync = ServerSentEvent(event: "resync", data: "{}").encoded()
    private static let comment = ByteBuffer(string: ":\n\n")
}
