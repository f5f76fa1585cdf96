import Engine
import NIOCore
import Synchronization

/// The newest events as they go over the wire: one buffer for all readers that wait for it.
final class EncodedEvents: Sendable {
    private struct Entry {
        var position: EventPosition
        var count: Int
        var text: ByteBuffer
    }

    private static let capacity = 64
    private let ring = Mutex<[Entry]>([])

    /// The text of a whole commit's changes; not for a reader that asked for one run.
    func text(of delivery: EventDelivery) -> ByteBuffer {
        guard case .changes(let changes, let position) = delivery else { return Self.encode(delivery) }
        // A reader that comes back within a page gets the rest of it.
        let isKnown = { (entry: Entry) in entry.position == position && entry.count == changes.count }
        if let known = ring.withLock({ $0.last(where: isKnown) }) { return known.text }
        let text = Self.encode(delivery)
        ring.withLock { ring in
            if ring.count >= Self.capacity { ring.removeFirst() }
            ring.append(Entry(position: position, count: changes.count, text: text))
        }
        return text
    }

    /// One event a change. Only the last of a commit has the commit's position as its id, so that a reader that lost
    /// the rest gets all of the commit again.
    static func encode(_ delivery: EventDelivery) -> ByteBuffer {
        var buffer = ByteBuffer()
        switch delivery {
        case .changes(let changes, let position):
            for (index, change) in changes.enumerated() {
                buffer.writeString("event: run\n")
                if index == changes.count - 1 { buffer.writeString("id: \(position.text)\n") }
                buffer.writeString("data: ")
                buffer.writeBytes(change.json)
                buffer.writeString("\n\n")
            }
        case .resync(let position):
            buffer.writeString("event: resync\nid: \(position.text)\ndata: {}\n\n")
        }
        return buffer
    }
}
