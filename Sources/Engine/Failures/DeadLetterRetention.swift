/// How long dead letters are kept.
public struct DeadLetterRetention: Sendable, Hashable {
    /// Older ones go; `nil`: however old.
    public var age: Duration?
    /// Of each tenant, the newest so many stay; `nil`: however many.
    public var count: Int?

    public init(age: Duration? = nil, count: Int? = nil) {
        self.age = age
        self.count = count
    }

    /// Nothing goes.
    public var isEmpty: Bool { age == nil && count == nil }
}
