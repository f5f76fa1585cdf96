/// What a simulation has met: events by the state that they met, store calls by how they went, and each fault.
struct Coverage: Sendable {
    private(set) var counts: [String: Int] = [:]

    mutating func note(_ what: String) { counts[what, default: 0] += 1 }

    mutating func add(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }

    subscript(what: String) -> Int { counts[what] ?? 0 }

    /// One line for each, in order.
    var lines: [String] { counts.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" } }
}
