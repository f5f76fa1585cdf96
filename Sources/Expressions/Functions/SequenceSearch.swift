/// Finds a sequence within another in linear time (Knuth, Morris and Pratt).
struct SequenceSearch<Item: Equatable> {
    private let wanted: [Item]
    /// For each prefix of what is wanted, the length of its longest proper prefix that also ends it.
    private let borders: [Int]

    init(for wanted: [Item]) {
        self.wanted = wanted
        var borders = [Int](repeating: 0, count: wanted.count)
        var length = 0
        for index in wanted.indices.dropFirst() {
            while length > 0, wanted[index] != wanted[length] { length = borders[length - 1] }
            if wanted[index] == wanted[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    /// Where it first begins at or after `start`.
    func first(in items: [Item], from start: Int = 0) -> Int? {
        guard !wanted.isEmpty else { return start <= items.count ? start : nil }
        guard start < items.count else { return nil }
        var length = 0
        for index in start..<items.count {
            while length > 0, items[index] != wanted[length] { length = borders[length - 1] }
            if items[index] == wanted[length] { length += 1 }
            if length == wanted.count { return index + 1 - length }
        }
        return nil
    }

    /// Where it begins, from left to right without overlap.
    func all(in items: [Item], limit: Int = .max) -> [Int] {
        var found: [Int] = []
        var start = 0
        while found.count < limit, let position = first(in: items, from: start) {
            found.append(position)
            start = position + max(1, wanted.count)
        }
        return found
    }
}
