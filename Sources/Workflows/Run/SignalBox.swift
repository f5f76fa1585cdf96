/// The signals of a run that nothing has waited for, and the steps that wait for one.
struct SignalBox: Hashable, Sendable {
    /// Payloads by name, the oldest first.
    private(set) var kept: [String: [[UInt8]]] = [:]
    private(set) var waiting: [String: [Int32]] = [:]
    private var ids: Set<String> = []
    private(set) var count = 0

    func knows(_ id: String) -> Bool { ids.contains(id) }

    mutating func keep(_ signal: RunSignal) {
        guard ids.insert(signal.id).inserted else { return }
        kept[signal.name, default: []].append(signal.payload)
        count += 1
    }

    func first(_ name: String) -> [UInt8]? { kept[name]?.first }

    /// The oldest signal of a name has been taken.
    mutating func drop(_ name: String) {
        guard kept[name]?.isEmpty == false else { return }
        kept[name]?.removeFirst()
        if kept[name]?.isEmpty == true { kept[name] = nil }
        count -= 1
    }

    mutating func wait(_ step: Int32, for name: String) { waiting[name, default: []].append(step) }

    mutating func leave(_ step: Int32, _ name: String) {
        waiting[name]?.removeAll { $0 == step }
        if waiting[name]?.isEmpty == true { waiting[name] = nil }
    }
}
