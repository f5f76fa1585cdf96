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
        // CR LF is one Character, so each kind of line end splits once.
        for line in data.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" || $0 == "\r" })
        {
            buffer.writeString("data: ")
            buffer.writeSubstring(line)
            buffer.writeString("\n")
        }
        buffer.writeString("\n")
        return buffer
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != "\0" }))
    }
}
