import Workflows

extension EventFragment {
    /// Reads an event row's payload: a JSON array of fragments, as `json` and the store's own SQL write them.
    ///
    /// Both writers are ours, so this reads exactly their form (whitespace allowed, no escapes); `nil` for anything else.
    static func parse(_ payload: [UInt8]) -> [EventFragment]? {
        var reader = FragmentReader(bytes: payload)
        guard let fragments = reader.array({ $0.fragment() }), reader.isAtEnd else { return nil }
        return fragments
    }
}

private struct FragmentReader {
    let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return offset == bytes.count
        }
    }

    mutating func fragment() -> EventFragment? {
        var run: RunID?
        var revision: Int64?
        var state: RunLifecycle?
        var flow: FlowVersionID?
        var steps: [EventFragment.StepChange] = []
        guard take("{") else { return nil }
        repeat {
            guard let name = string(), take(":") else { return nil }
            switch name {
            case "r": run = string().flatMap { RunID($0) }
            case "v":
                guard let value = number() else { return nil }
                revision = value
            case "s": state = string().flatMap { RunLifecycle(text: $0) }
            case "f":
                guard let value = number() else { return nil }
                flow = FlowVersionID(value)
            case "t":
                guard let changes = array({ $0.change() }) else { return nil }
                steps = changes
            default: return nil
            }
        } while take(",")
        guard take("}"), let run else { return nil }
        return EventFragment(run: run, revision: revision, state: state, flow: flow, steps: steps)
    }

    mutating func change() -> EventFragment.StepChange? {
        guard take("["), let step = number(), take(","), let name = string(), let state = StepState(text: name),
            take(","), let attempt = number(), take("]"), let step = Int32(exactly: step),
            let attempt = Int32(exactly: attempt)
        else { return nil }
        return EventFragment.StepChange(step: step, state: state, attempt: attempt)
    }

    mutating func array<Element>(_ element: (inout Self) -> Element?) -> [Element]? {
        guard take("[") else { return nil }
        if take("]") { return [] }
        var elements: [Element] = []
        repeat {
            guard let next = element(&self) else { return nil }
            elements.append(next)
        } while take(",")
        return take("]") ? elements : nil
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        let start = offset
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") { offset += 1 }
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func number() -> Int64? {
        skipSpace()
        let start = offset
        while offset < bytes.count, bytes[offset] == UInt8(ascii: "-") || (48...57).contains(bytes[offset]) {
            offset += 1
        }
        return Int64(String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while offset < bytes.count, bytes[offset] == 32 || bytes[offset] == 10 { offset += 1 }
    }
}
