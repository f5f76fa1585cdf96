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
}

extension Value {
    /// The order of two numbers on one line, whatever their types; `nil` when one is no number. Beside a double an integer
    /// is taken as a double, as `double(x)` gives it: beyond 2^53 several have the same (the definition's authors call
    /// that intended, cel-go issue 1317).
    func numberOrder(_ other: Value) -> ValueOrder? {
        switch (self, other) {
        case (.int(let left), .int(let right)): ValueOrder(left, right)
        case (.uint(let left), .uint(let right)): ValueOrder(left, right)
        case (.double(let left), .double(let right)): ValueOrder(left, right)
        case (.int(let left), .uint(let right)): ValueOrder(Int128(left), Int128(right))
        case (.uint(let left), .int(let right)): ValueOrder(Int128(left), Int128(right))
        case (.int(let left), .double(let right)): ValueOrder(Double(left), right)
        case (.uint(let left), .double(let right)): ValueOrder(Double(left), right)
        case (.double(let left), .int(let right)): ValueOrder(left, Double(right))
        case (.double(let left), .uint(let right)): ValueOrder(left, Double(right))
        default: nil
        }
    }
}
