/// Divides turns between keys in proportion to their weights, by start-time fair queueing (Goyal, Vin and Cheng, 1996).
///
/// Each turn of a key advances its clock by one over its weight, and the key whose clock is behind goes next. A key that
/// was away starts at the common clock: it neither overtakes those who stayed nor gets back what it did not use.
public struct StrideSchedule<Key: Hashable & Sendable>: Sendable {
    /// When the key's last turn ends, on the common clock. Keys at or behind that clock are forgotten: they would start
    /// there anyway.
    private var finishes: [Key: Double] = [:]
    /// The start of the latest turn.
    private var clock = 0.0

    public init() {}

    /// Keys that are ahead of the common clock.
    public var count: Int { finishes.count }

    /// Gives turns to keys that all want more than there are.
    ///
    /// - Parameters:
    ///   - turns: How many.
    ///   - keys: Who wants them, each once, with a weight above 0. Of keys that stand level the first goes first.
    /// - Returns: Turns by the position of the key.
    public mutating func allot(_ turns: Int, among keys: [(key: Key, weight: Int32)]) -> [Int] {
        var shares = Array(repeating: 0, count: keys.count)
        guard keys.count > 1 else {
            // Nobody to be fair to: the clock stands still for those who come later.
            if keys.count == 1 { shares[0] = turns }
            return shares
        }
        var starts = keys.map { max(clock, finishes[$0.key] ?? clock) }
        let strides = keys.map { 1 / Double(max(1, $0.weight)) }
        for _ in 0..<turns {
            var next = 0
            for position in starts.indices where starts[position] < starts[next] { next = position }
            clock = starts[next]
            starts[next] += strides[next]
            shares[next] += 1
        }
        for position in keys.indices { finishes[keys[position].key] = starts[position] }
        finishes = finishes.filter { $0.value > clock }
        return shares
    }

    /// Turns that a key was given and did not use.
    public mutating func refund(_ turns: Int, to key: Key, weight: Int32) {
        guard turns > 0, let finish = finishes[key] else { return }
        let earlier = finish - Double(turns) / Double(max(1, weight))
        finishes[key] = earlier > clock ? earlier : nil
    }
}
