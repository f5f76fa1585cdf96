/// How two values stand to each other.
enum ValueOrder: Sendable {
    case less
    case equal
    case greater
    /// With a NaN.
    case unordered

    init<Item: Comparable>(_ left: Item, _ right: Item) {
        self = left < right ? .less : left > right ? .greater : left == right ? .equal : .unordered
    }

    var reversed: ValueOrder {
        switch self {
        case .less: .greater
        case .greater: .less
        case .equal: .equal
        case .unordered: .unordered
        }
    }
}

extension Value {
    /// The order of two numbers by their exact values, whatever their types; `nil` when one is no number.
    func numberOrder(_ other: Value) -> ValueOrder? {
        switch (self, other) {
        case (.int(let left), .int(let right)): ValueOrder(left, right)
        case (.uint(let left), .uint(let right)): ValueOrder(left, right)
        case (.double(let left), .double(let right)): ValueOrder(left, right)
        case (.int(let left), .uint(let right)): ValueOrder(Int128(left), Int128(right))
        case (.uint(let left), .int(let right)): ValueOrder(Int128(left), Int128(right))
        case (.int(let left), .double(let right)): Self.order(Int128(left), right)
        case (.uint(let left), .double(let right)): Self.order(Int128(left), right)
        case (.double(let left), .int(let right)): Self.order(Int128(right), left).reversed
        case (.double(let left), .uint(let right)): Self.order(Int128(right), left).reversed
        default: nil
        }
    }

    /// Exact: an integer of 64 bits does not always fit into a double.
    private static func order(_ left: Int128, _ right: Double) -> ValueOrder {
        if right.isNaN { return .unordered }
        if right >= 0x1p65 { return .less }
        if right <= -0x1p65 { return .greater }
        let floor = right.rounded(.down)
        let whole = Int128(floor)
        guard left == whole else { return ValueOrder(left, whole) }
        return right > floor ? .less : .equal
    }
}
