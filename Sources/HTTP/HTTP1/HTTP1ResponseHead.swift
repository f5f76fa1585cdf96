import NIOCore

/// The head of a response on the wire (RFC 9112 §4).
enum HTTP1ResponseHead {
    static func write(
        _ response: HTTPResponse, keepsAlive: Bool, isChunked: Bool, isHTTP10: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeString("HTTP/1.1 \(response.status) \(HTTPStatus.reason(response.status))\r\n")
        var fields = response.fields
        // Framing and connection are this side's, not the handler's.
        fields.remove("transfer-encoding")
        fields.remove("connection")
        switch response.body {
        case .none:
            if response.status != 204, response.status != 304, !fields.contains("content-length") {
                fields.append("content-length", "0")
            }
        case .bytes(let bytes):
            if response.status != 204, response.status != 304 {
                fields["content-length"] = String(bytes.readableBytes)
            }
        case .stream:
            fields.remove("content-length")
            if isChunked { fields.append("transfer-encoding", "chunked") }
        }
        if !fields.contains("date") { HTTPDate.append(to: &fields) }
        if !keepsAlive {
            fields.append("connection", "close")
        } else if isHTTP10 {
            fields.append("connection", "keep-alive")
        }
        for index in 0..<fields.count {
            buffer.writeString(fields.name(at: index))
            buffer.writeStaticString(": ")
            buffer.writeBytes(fields.valueBytes(at: index))
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("\r\n")
    }
}
