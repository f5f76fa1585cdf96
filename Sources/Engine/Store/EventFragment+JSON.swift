import Workflows

extension EventFragment {
    /// Compact JSON as the event rows carry it. Nothing in it needs escaping.
    public var json: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(96 + steps.count * 20)
        text.append(contentsOf: #"{"r":""#.utf8)
        run.bytes.appendUUIDText(to: &text)
        text.append(UInt8(ascii: "\""))
        if let revision {
            text.append(contentsOf: #","v":"#.utf8)
            text.append(contentsOf: String(revision).utf8)
        }
        if let state {
            text.append(contentsOf: #","s":""#.utf8)
            text.append(contentsOf: state.text.utf8)
            text.append(UInt8(ascii: "\""))
        }
        if let flow {
            text.append(contentsOf: #","f":"#.utf8)
            text.append(contentsOf: String(flow.value).utf8)
        }
        text.append(contentsOf: #","t":["#.utf8)
        for (index, step) in steps.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(UInt8(ascii: "["))
            text.append(contentsOf: String(step.step).utf8)
            text.append(contentsOf: #",""#.utf8)
            text.append(contentsOf: step.state.text.utf8)
            text.append(contentsOf: #"","#.utf8)
            text.append(contentsOf: String(step.attempt).utf8)
            text.append(UInt8(ascii: "]"))
        }
        text.append(contentsOf: "]}".utf8)
        return text
    }
}
