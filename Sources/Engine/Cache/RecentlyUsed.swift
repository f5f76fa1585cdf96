/// A map that forgets what was used least recently when its cost passes a limit.
///
/// A doubly linked list threads through one array, so that no operation allocates once the array has grown.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var key: Key
        var value: Value
        var cost: Int
        var newer: Int
        var older: Int
    }

    private let limit: Int
    private var positions: [Key: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest = -1
    private var oldest = -1
    private(set) var cost = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { positions.count }

    /// Looks up and marks as used.
    mutating func value(_ key: Key) -> Value? {
        guard let position = positions[key], let node = nodes[position] else { return nil }
        if newest != position {
            unlink(position)
            linkAsNewest(position)
        }
        return node.value
    }

    /// Stores a value; the newest one stays even when it alone is above the limit.
    mutating func insert(_ value: Value, for key: Key, cost: Int) {
        remove(key)
        let position = free.popLast() ?? nodes.count
        let node = Node(key: key, value: value, cost: cost, newer: -1, older: -1)
        if position == nodes.count { nodes.append(node) } else { nodes[position] = node }
        positions[key] = position
        self.cost += cost
        linkAsNewest(position)
        while self.cost > limit, oldest != newest, let key = nodes[oldest]?.key { remove(key) }
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Value? {
        guard let position = positions.removeValue(forKey: key) else { return nil }
        unlink(position)
        let node = nodes[position]
        nodes[position] = nil
        free.append(position)
        cost -= node?.cost ?? 0
        return node?.value
    }

    private mutating func linkAsNewest(_ position: Int) {
        nodes[position]?.newer = -1
        nodes[position]?.older = newest
        if newest >= 0 { nodes[newest]?.newer = position } else { oldest = position }
        newest = position
    }

    private mutating func unlink(_ position: Int) {
        guard let node = nodes[position] else { return }
        if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
        if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
    }
}
