import DequeModule
import Protobuf

/// What is on its way to the server.
///
/// Log chunks have no answer of their own, but the stream keeps order: what was sent before a heartbeat has arrived
/// when that heartbeat is acknowledged. Until then chunks are kept, and sent again on the next stream; the server knows
/// them by their numbers. Everything else is either made up for by the session's state or not worth repeating.
struct Outbox {
    /// Bytes of log that wait to be sent, above which programs wait.
    static let pendingLimit = 1 << 20
    /// Bytes of log kept for another stream, above which the oldest, or without a stream the newest, are given up.
    static let keptLimit = 8 << 20

    private var pending: [BeamlineV1.WorkerMessage] = []
    private var pendingLogBytes = 0
    private var kept: Deque<(heartbeat: Int64, chunk: BeamlineV1.Log)> = []
    private var keptBytes = 0
    private var heartbeat: Int64 = 0
    private var isUp = false
    /// Chunks that were dropped because no server was there to take them.
    private(set) var dropped: UInt64 = 0

    var isEmpty: Bool { pending.isEmpty }

    /// Without a stream nobody waits: chunks are kept or dropped.
    var hasRoom: Bool { !isUp || pendingLogBytes < Self.pendingLimit }

    mutating func append(_ kind: BeamlineV1.WorkerMessage.Kind) {
        if case .heartbeat(let beat) = kind { heartbeat = beat.sequence }
        pending.append(BeamlineV1.WorkerMessage(kind: kind))
    }

    mutating func append(_ progress: BeamlineV1.Progress) {
        if isUp { pending.append(BeamlineV1.WorkerMessage(kind: .progress(progress))) }
    }

    mutating func append(_ chunk: BeamlineV1.Log) {
        let size = chunk.text.utf8.count
        if !isUp, keptBytes + size > Self.keptLimit {
            dropped += 1
            return
        }
        kept.append((heartbeat + 1, chunk))
        keptBytes += size
        while keptBytes > Self.keptLimit, let oldest = kept.popFirst() { keptBytes -= oldest.chunk.text.utf8.count }
        if isUp {
            pending.append(BeamlineV1.WorkerMessage(kind: .log(chunk)))
            pendingLogBytes += size
        }
    }

    /// Everything that waits, in order.
    mutating func take() -> [BeamlineV1.WorkerMessage] {
        defer {
            pending.removeAll()
            pendingLogBytes = 0
        }
        return pending
    }

    mutating func acknowledged(heartbeat sequence: Int64) {
        while let oldest = kept.first, oldest.heartbeat <= sequence {
            keptBytes -= oldest.chunk.text.utf8.count
            kept.removeFirst()
        }
    }

    /// The server has greeted: what it may not have got of the logs goes first.
    mutating func up() {
        isUp = true
        pending = kept.map { BeamlineV1.WorkerMessage(kind: .log($0.chunk)) } + pending
    }

    mutating func down() {
        isUp = false
        pending.removeAll()
        pendingLogBytes = 0
    }
}
