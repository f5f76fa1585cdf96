/// A run's progress on one line: steps that share a stem (`analyse-1` … `analyse-8`) stand together as `analyse 8/8`.
struct RunProgress {
    struct Step: Equatable {
        var id: String
        var state: String
        /// Microseconds from the first lease to the end (or to now), if it has begun.
        var elapsed: Int64?
    }

    struct Group: Equatable {
        var name: String
        var states: [String]
        var elapsed: Int64?
    }

    var groups: [Group]

    init(_ steps: [Step]) {
        var order: [String] = []
        var members: [String: [Step]] = [:]
        let stems = steps.map { Self.stem($0.id) }
        var counts: [String: Int] = [:]
        for stem in stems { counts[stem, default: 0] += 1 }
        for (step, stem) in zip(steps, stems) {
            let name = counts[stem]! > 1 ? stem : step.id
            if members[name] == nil { order.append(name) }
            members[name, default: []].append(step)
        }
        groups = order.map { name in
            let steps = members[name]!
            return Group(name: name, states: steps.map(\.state), elapsed: steps.compactMap(\.elapsed).max())
        }
    }

    /// `✓ read 0.04s  ✓ analyse 8/8 1.2s  ● join`
    var line: String {
        groups.map { group in
            let done = group.states.count { $0 == "succeeded" }
            var text = "\(Self.mark(group.states)) \(group.name)"
            if group.states.count > 1 { text += " \(done)/\(group.states.count)" }
            if let elapsed = group.elapsed, done > 0 { text += " \(Span.text(microseconds: elapsed))" }
            return text
        }.joined(separator: "  ")
    }

    private static func mark(_ states: [String]) -> String {
        if states.contains("failed") { return "✗" }
        if states.allSatisfy({ $0 == "succeeded" }) { return "✓" }
        if states.allSatisfy({ $0 == "skipped" || $0 == "cancelled" }) { return "–" }
        if states.contains("running") || states.contains("succeeded") { return "●" }
        if states.contains("scheduled") { return "↻" }
        return "·"
    }

    private static func stem(_ id: String) -> String {
        guard let dash = id.lastIndex(of: "-"), dash != id.startIndex else { return id }
        let tail = id[id.index(after: dash)...]
        return !tail.isEmpty && tail.allSatisfy(\.isNumber) ? String(id[..<dash]) : id
    }
}
