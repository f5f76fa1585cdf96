public import JSON

/// The elements of a list.
public struct ListValue: Sendable {
    private enum Storage: Sendable {
        case values([Value])
        /// An array as it came: what nobody reads is never converted.
        case json([JSONValue])
    }

    private let storage: Storage
    /// This list and the lists, maps and optionals in it, within one another.
    let depth: Int

    public init(_ values: [Value]) {
        storage = .values(values)
        depth = 1 + values.reduce(0) { Swift.max($0, $1.depth) }
    }

    public init(json elements: [JSONValue]) {
        storage = .json(elements)
        depth = JSONLimits.standard.depth
    }

    /// The array that it came as.
    var json: [JSONValue]? {
        guard case .json(let elements) = storage else { return nil }
        return elements
    }
}

extension ListValue: RandomAccessCollection {
    public var startIndex: Int { 0 }

    public var endIndex: Int {
        switch storage {
        case .values(let values): values.count
        case .json(let elements): elements.count
        }
    }

    public subscript(position: Int) -> Value {
        switch storage {
        case .values(let values): values[position]
        case .json(let elements): Value(elements[position])
        }
    }
}

extension ListValue: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}
