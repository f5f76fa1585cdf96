/// When and how often a failed attempt is tried again.
public struct RetryPolicy: Hashable, Sendable {
    public enum Strategy: String, Hashable, Sendable, CaseIterable {
        /// delay × 2ⁿ
        case exponential
        /// delay × (n + 1)
        case linear
        /// delay
        case fixed
    }

    public var strategy: Strategy
    /// Attempts in all that may fail or time out, the first included.
    public var maxAttempts: Int
    public var delay: Duration
    public var maxDelay: Duration
    /// The share of the delay that is random, 0 to 1: 0.2 spreads it over ±20 %.
    public var jitter: Double

    public init(
        strategy: Strategy = .exponential, maxAttempts: Int = 1, delay: Duration = .seconds(1),
        maxDelay: Duration = .seconds(300), jitter: Double = 0.2
    ) {
        self.strategy = strategy
        self.maxAttempts = maxAttempts
        self.delay = delay
        self.maxDelay = maxDelay
        self.jitter = jitter
    }

    /// One attempt and no other.
    public static let never = RetryPolicy()

    /// How long to wait after the `failures`-th failure, or `nil` when the budget is used up.
    ///
    /// - Parameter random: Uniform over all of `UInt64`; the same number gives the same delay.
    public func delay(failures: Int, random: UInt64) -> Duration? {
        guard failures >= 1, failures < maxAttempts else { return nil }
        let factor: Double =
            switch strategy {
            // Beyond 2⁶² every delay has reached its maximum.
            case .exponential: Double(UInt64(1) << UInt64(min(failures - 1, 62)))
            case .linear: Double(failures)
            case .fixed: 1
            }
        let ceiling = Self.seconds(maxDelay)
        let base = min(Self.seconds(delay) * factor, ceiling)
        let share = Double(random >> 11) / Double(UInt64(1) << 53)
        return .microseconds(Int64(base * (1 + jitter * (2 * share - 1)) * 1_000_000))
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
