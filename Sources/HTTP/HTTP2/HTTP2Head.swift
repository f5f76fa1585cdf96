/// A head while its field lines arrive: pseudo-fields apart, size counted, and nothing stored beyond the limits.
struct HTTP2Head {
    enum Line: Equatable {
        case stored
        /// Counted only: the head is refused with 431.
        case tooLarge
        /// So far beyond the limit that the stream is reset.
        case hostile
    }

    var method = ""
    var scheme = ""
    var authority = ""
    var path = ""
    var status = 0
    var fields = HTTPFields()
    private(set) var isTooLarge = false
    private var size = 0
    private var count = 0
    private var cookies = 0

    /// Takes one line. Names and order were checked by nghttp2 (RFC 9113 §8.3).
    mutating func take(
        name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, limits: HTTPLimits
    ) -> Line {
        size += name.count + value.count + 32
        count += 1
        if size > limits.headerListSize || count > limits.headerCount {
            isTooLarge = true
            return size > 4 * limits.headerListSize ? .hostile : .tooLarge
        }
        if name.count > 1, unsafe name[0] == UInt8(ascii: ":") {
            unsafe takePseudo(name, value)
        } else {
            if count == 1 || fields.isEmpty { fields.reserve(lines: 8, bytes: 256) }
            unsafe fields.append(name: name, value: value, sanitise: false)
            if name.count == 6, unsafe name.elementsEqual("cookie".utf8) { cookies += 1 }
        }
        return .stored
    }

    private mutating func takePseudo(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        switch unsafe (name[1], name.count) {
        case (UInt8(ascii: "m"), 7): method = unsafe String(decoding: value, as: UTF8.self)
        case (UInt8(ascii: "p"), 5): path = unsafe String(decoding: value, as: UTF8.self)
        case (UInt8(ascii: "a"), 10): authority = unsafe String(decoding: value, as: UTF8.self)
        case (UInt8(ascii: "s"), 7):
            if unsafe name[2] == UInt8(ascii: "c") {
                scheme = unsafe String(decoding: value, as: UTF8.self)
            } else {
                status = unsafe value.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
            }
        default: break
        }
    }

    /// The head is complete: several cookie lines become one (RFC 9113 §8.2.3), `host` stands in for `:authority`.
    mutating func finish() {
        if cookies > 1 { fields["cookie"] = fields.values(of: "cookie").joined(separator: "; ") }
        if authority.isEmpty, let host = fields["host"] { authority = host }
    }
}
