/// Frames of HTTP/2 (RFC 9113) as bytes, for inputs that must reach what lies behind them.
enum HTTP2Bytes {
    /// The client's preface and empty settings.
    static let opening = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, flags: 0, stream: 0, [])

    static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [
            UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff), type, flags,
            UInt8(stream >> 24), UInt8(stream >> 16 & 0xff), UInt8(stream >> 8 & 0xff), UInt8(stream & 0xff),
        ] + payload
    }

    /// A POST as literal fields without indexing (RFC 7541 §6.2.2).
    static func headers(stream: UInt32, ends: Bool) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in [
            (":method", "POST"), (":scheme", "http"), (":authority", "x"),
            (":path", "/beamline.v1.RunService/StartRun"), ("content-type", "application/grpc"), ("te", "trailers"),
        ] {
            block += [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
        }
        return frame(type: 1, flags: ends ? 5 : 4, stream: stream, block)
    }

    /// A gRPC call with this body.
    static func call(body: [UInt8]) -> [UInt8] {
        var bytes = opening + headers(stream: 1, ends: false)
        var rest = body[...]
        while rest.count > 16_384 {
            bytes += frame(type: 0, flags: 0, stream: 1, Array(rest.prefix(16_384)))
            rest = rest.dropFirst(16_384)
        }
        return bytes + frame(type: 0, flags: 1, stream: 1, Array(rest))
    }
}
