public import NIOCore

/// One event of a `text/event-stream` (WHATWG HTML §9.2).
public struct ServerSentEvent: Sendable, Hashable {
    /// Position to resume from, sent back in `last-event-id`.
    public var id: String?
    /// The event's type; `message` when `nil`.
    public var event: String?
    /// The text; each of its lines becomes a `data` line.
    public var data: String
    /// Time after which the client reconnects, milliseconds.
    public var retry: Int?

    /// An event.
    public init(id: String? = nil, event: String? = nil, data: String, retry: Int? = nil) {
        self.id = id
        self.event = event
        self.data = data
        self.retry = retry
    }

    /// The event on the wire.
    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(data.utf8.count + 64)
        if let id { buffer.writeString("id: \(Self.oneLine(id))\n") }
        if let event { buffer.writeString("event: \(Self.oneLine(event))\n") }
        if let retry { buffer.writeString("retry: \(retry)\n") }
        var rest = data.utf8[...]
        while true {
            let end = rest.firstIndex { $0 == 0x0A || $0 == 0x0D }
            buffer.writeString("data: ")
            buffer.writeBytes(rest[..<(end ?? rest.endIndex)])
            buffer.writeString("\n")
            guard let end else { break }
            var next = rest.index(after: end)
            if rest[end] == 0x0D, next < rest.endIndex, rest[next] == 0x0A { next = rest.index(after: next) }
            rest = rest[next...]
        }
        buffer.writeString("\n")
        return buffer
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != "\0" }))
    }
}
