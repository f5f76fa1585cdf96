import HTTP

/// HTTP/2 frames by hand (RFC 9113 §4.1).
struct Frame: Equatable {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    static let emptySettings = Frame(type: 4)
    static let settingsAck = Frame(type: 4, flags: 1)

    /// GET / with the given path, END_HEADERS and END_STREAM.
    static func get(_ path: String, stream: UInt32, extra: [UInt8] = [], flags: UInt8 = 5) -> Frame {
        Frame(type: 1, flags: flags, stream: stream, payload: head(path: path) + extra)
    }

    /// A POST's head without END_STREAM.
    static func post(_ path: String, stream: UInt32) -> Frame {
        Frame(type: 1, flags: 4, stream: stream, payload: head(path: path, method: 0x83))
    }

    static func head(path: String, method: UInt8 = 0x82) -> [UInt8] {
        [method, 0x86] + literal(nameIndex: 4, path) + literal(nameIndex: 1, "localhost")
    }

    /// A literal without indexing whose name stands in the static table.
    static func literal(nameIndex: UInt8, _ value: String) -> [UInt8] {
        [nameIndex] + length(value.utf8.count) + Array(value.utf8)
    }

    static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0] + length(name.utf8.count) + Array(name.utf8) + length(value.utf8.count) + Array(value.utf8)
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 127 else { return [UInt8(count)] }
        var rest = count - 127
        var result: [UInt8] = [127]
        while rest >= 128 {
            result.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return result + [UInt8(rest)]
    }

    static func data(_ bytes: [UInt8], stream: UInt32, end: Bool = false) -> Frame {
        Frame(type: 0, flags: end ? 1 : 0, stream: stream, payload: bytes)
    }

    static func reset(_ code: UInt32, stream: UInt32) -> Frame {
        Frame(type: 3, stream: stream, payload: number(code))
    }

    static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    var bytes: [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + Self.number(stream) + payload
    }

    /// The whole frames in what a server sent.
    static func parse(_ bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 9 + length else { break }
            let stream = head[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
            frames.append(
                Frame(type: head[3], flags: head[4], stream: stream, payload: Array(rest.dropFirst(9).prefix(length))))
            rest = rest.dropFirst(9 + length)
        }
        return frames
    }

    private var code: UInt32 { payload.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// Codes of the GOAWAY frames.
    static func goAways(_ frames: [Frame]) -> [UInt32] {
        frames.filter { $0.type == 7 }.map { $0.payload[4..<8].reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// Last stream ids of the GOAWAY frames.
    static func lastStreams(_ frames: [Frame]) -> [UInt32] {
        frames.filter { $0.type == 7 }.map { $0.payload[0..<4].reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// Codes of the RST_STREAM frames of a stream.
    static func resets(_ frames: [Frame], stream: UInt32) -> [UInt32] {
        frames.filter { $0.type == 3 && $0.stream == stream }.map(\.code)
    }
}

extension RawClient {
    func send(_ frames: [Frame]) async throws { try await send(frames.flatMap(\.bytes)) }
    func trySend(_ frames: [Frame]) { trySend(frames.flatMap(\.bytes)) }

    /// Opens HTTP/2.
    static func http2(to address: HTTPAddress) async throws -> RawClient {
        let client = try await connect(to: address)
        try await client.send(Frame.preface + Frame.emptySettings.bytes + Frame.settingsAck.bytes)
        return client
    }

    func frames(until condition: @escaping @Sendable ([Frame]) -> Bool) async throws -> [Frame] {
        Frame.parse(try await read { bytes, ended in ended || condition(Frame.parse(bytes)) })
    }

    func framesToEnd() async throws -> [Frame] { Frame.parse(try await readToEnd()) }
}
