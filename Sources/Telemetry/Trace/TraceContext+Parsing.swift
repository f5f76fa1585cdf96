extension TraceContext {
    /// Reads the two headers; `nil` means that the caller's context is invalid and a new trace begins (§3.2.2.5).
    ///
    /// Version `ff` is invalid; versions above `00` may be longer and are read as far as version `00` goes (§2.2.2).
    /// An invalid `tracestate` is dropped without dropping the trace.
    public init?(traceparent: String, tracestate: String? = nil) {
        let text = Array(traceparent.utf8)
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash,
            let version = Hexadecimal.value(text[0..<2]), version != 0xff,
            version == 0 ? text.count == 55 : text.count == 55 || text[55] == dash,
            let high = Hexadecimal.value(text[3..<19]), let low = Hexadecimal.value(text[19..<35]),
            let span = Hexadecimal.value(text[36..<52]), let flags = Hexadecimal.value(text[53..<55]),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        self.init(
            traceID: traceID, spanID: spanID, flags: UInt8(flags), state: Self.validState(tracestate ?? "") ?? "")
    }

    /// At most 32 `key=value` members and 512 characters of printable ASCII (§3.3); otherwise `nil`.
    static func validState(_ state: String) -> String? {
        guard state.utf8.count <= 512, state.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 }) else {
            return nil
        }
        let members = state.split(separator: ",", omittingEmptySubsequences: true)
        guard members.count <= 32, members.allSatisfy({ $0.contains("=") }) else { return nil }
        return state
    }
}

private let dash = UInt8(ascii: "-")
