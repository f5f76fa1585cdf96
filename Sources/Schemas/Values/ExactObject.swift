/// The members of an object in the order in which they were written. Keys are compared by code points; two objects with
/// the same members are equal, whatever their order.
public struct ExactObject: Sendable {
    private var entries: [Element] = []
    /// Positions by key; kept only where a search from the front would cost more.
    private var positions: [ExactText: Int]?

    private static let searched = 8

    public init() {}

    /// Of a key that stands twice, the last value counts.
    public init(_ members: some Sequence<(String, ExactJSON)>) {
        for (key, value) in members {
            if let position = position(of: key) { entries[position].value = value } else { append(key, value) }
        }
    }

    public subscript(key: String) -> ExactJSON? { position(of: key).map { entries[$0].value } }

    /// Adds a member; `false` when the key is there already.
    mutating func insert(_ key: String, _ value: ExactJSON) -> Bool {
        guard position(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    func position(of key: String) -> Int? {
        if let positions { return positions[ExactText(key)] }
        return entries.firstIndex { $0.key.hasSameCodePoints(as: key) }
    }

    private mutating func append(_ key: String, _ value: ExactJSON) {
        entries.append((key, value))
        if positions != nil {
            positions?[ExactText(key)] = entries.count - 1
        } else if entries.count > Self.searched {
            positions = Dictionary(
                zip(entries.lazy.map { ExactText($0.key) }, entries.indices), uniquingKeysWith: { first, _ in first })
        }
    }
}

extension ExactObject: RandomAccessCollection {
    public typealias Element = (key: String, value: ExactJSON)

    public var startIndex: Int { 0 }
    public var endIndex: Int { entries.count }
    public subscript(position: Int) -> Element { entries[position] }
}

extension ExactObject: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        hasher.combine(
            reduce(0) { sum, member in
                var one = Hasher()
                one.combine(ExactText(member.key))
                one.combine(member.value)
                return sum &+ one.finalize()
            })
    }
}
