import Access
import Engine
import HTTP
import NIOCore
import Telemetry
import Workflows

/// `/v1/events`: server-sent events, resumed by `Last-Event-ID`.
///
/// A reader holds hardly any memory: while its socket is full nothing is taken from its subscription, which has only a
/// place in the tenant's feed and falls behind into a `resync`. What it was given before is shared by all readers.
struct EventRoutes: Sendable {
    private let engine: Engine
    private let streams: OpenStreams
    private let now: @Sendable () -> WallTime
    private let encoded = EncodedEvents()
    private static let keepAlive = Duration.seconds(15)
    /// A person does not see the difference, and a busy tenant's readers wake 20 times a second, not at each commit.
    private static let pace = Duration.milliseconds(50)
    init(engine: Engine, streams: OpenStreams, now: @escaping @Sendable () -> WallTime) {
        self.engine = engine
        self.streams = streams
        self.now = now
    }

    var routes: [Route] {
        [Route("GET", "/v1/events", "streamEvents", parameters: ["run"], stream)]
    }

    private func stream(_ call: Call) async throws -> HTTPResponse {
        var run: RunID?
        if let text = call.query["run"] {
            guard let id = RunID(text) else { throw Problem(400, "invalid_run_id", "\"\(text)\" is no run id.") }
            run = id
        }
        let lastEventID = call.request.fields["last-event-id"] ?? ""
        let after = EventPosition(text: lastEventID)
        let isUnreadable = after == nil && !lastEventID.isEmpty
        // A session's stream ends with its token; the browser then learns by its next request.
        let identity = call.caller.identity
        let remaining = max(0, identity.principal.expiresAt - now().microseconds / 1_000_000)
        let subscription = engine.events.subscribe(tenant: call.caller.tenant, run: run, after: after, pace: Self.pace)
        // Readers of one run each get their own selection of a commit's changes.
        let (streams, shared) = (streams, run == nil ? encoded : nil)
        return HTTPResponse(
            status: 200,
            fields: ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"],
            body: .stream { writer in
                let id = streams.insert(identity) { _ in subscription.close() }
                defer {
                    streams.remove(id)
                    subscription.close()
                }
                // A position that is not ours stands for one that is no longer kept.
                let opening = isUnreadable ? "event: resync\ndata: {}\n\n" : ": connected\n\n"
                try await writer.write(ByteBuffer(string: "retry: 1000\n" + opening))
                try await Self.copy(
                    subscription, to: writer, for: .seconds(min(remaining, 86_400)), sharing: shared
                )
                return nil
            })
    }

    private static func copy(
        _ subscription: EventSubscription, to writer: HTTPBodyWriter, for limit: Duration, sharing: EncodedEvents?
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                func text(_ delivery: EventDelivery) -> ByteBuffer {
                    sharing?.text(of: delivery) ?? EncodedEvents.encode(delivery)
                }
                while let delivery = try await subscription.next() {
                    try await writer.waitForRoom()
                    try await writer.write(text(delivery))
                }
            }
            group.addTask {
                let end = ContinuousClock.now + limit
                while ContinuousClock.now < end {
                    try await Task.sleep(for: min(keepAlive, end - .now))
                    try await writer.write(ByteBuffer(string: ":\n\n"))
                }
            }
            // Whichever ends first ends the stream: the subscription was closed, the token's time is over, or the
            // reader is gone.
            try await group.next()
            group.cancelAll()
        }
    }
}

extension EventPosition {
    var text: String { "\(epoch).\(transaction).\(tenant.value)" }

    /// `nil` for anything that `text` does not write.
    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let epoch = Int32(parts[0]), let transaction = UInt64(parts[1]),
            let tenant = Int32(parts[2])
        else { return nil }
        self.init(epoch: epoch, transaction: transaction, tenant: TenantID(tenant))
    }
}
