public import JSON

/// A queue as a bundle declares it; what it leaves out is the default.
public struct QueueDeclaration: Hashable, Sendable {
    public var name: String
    public var order: QueueOrder
    /// The queue's share of its tenant's turns.
    public var weight: Int32
    /// One claim at a time, always of the lowest ranks.
    public var isStrict: Bool
    /// Attempts that run at once at most; `nil`: as many as there are slots.
    public var concurrency: Int32?

    public static let defaultWeight: Int32 = 100
    public static let weights: ClosedRange<Int32> = 1...1_000_000
    public static let concurrencies: ClosedRange<Int32> = 0...1_000_000
    public static let boosts: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)

    public init(
        name: String, order: QueueOrder = QueueOrder(), weight: Int32 = QueueDeclaration.defaultWeight,
        isStrict: Bool = false, concurrency: Int32? = nil
    ) {
        self.name = name
        self.order = order
        self.weight = weight
        self.isStrict = isStrict
        self.concurrency = concurrency
    }

    /// Every setting, the defaults too: what two of them are compared by.
    public var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(name)), ("discipline", .string(order.discipline.text)),
            ("boost", .string(order.boost.shortText)), ("weight", .int(Int64(weight))), ("strict", .bool(isStrict)),
        ]
        if let concurrency { members.append(("concurrency", .int(Int64(concurrency)))) }
        return .object(members)
    }
}
