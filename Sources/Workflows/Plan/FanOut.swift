public import Expressions

/// `for_each`: the step once for each item of a list.
public struct FanOut: Sendable {
    public var items: Expression
    /// So many items have a token at once.
    public var maxParallel: Int

    /// Longest list that is taken.
    public static let mostItems = 100_000
    public static let mostParallel = 10_000

    public init(items: Expression, maxParallel: Int = FanOut.mostParallel) {
        self.items = items
        self.maxParallel = maxParallel
    }
}
