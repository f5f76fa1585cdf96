/// Which children are restarted when one of them fails.
public enum Strategy: String, Sendable {
    /// Only the one that failed.
    case oneForOne = "one_for_one"
    /// All of them.
    case oneForAll = "one_for_all"
    /// The one that failed and those that were started after it.
    case restForOne = "rest_for_one"
}

/// How many restarts are normal; one more within the window, and the supervisor itself fails.
public struct RestartIntensity: Sendable, Equatable {
    public var restarts: Int
    public var window: Duration

    public init(restarts: Int, within window: Duration) {
        self.restarts = restarts
        self.window = window
    }
}

/// How long to wait before a restart: doubled by each failure in a row, and jittered downward, so that many nodes that
/// lost the same database do not come back in step.
public struct BackOff: Sendable, Equatable {
    public var first: Duration
    public var limit: Duration
    /// The share of a delay that is random, 0 to 1.
    public var jitter: Double
    /// A child that ran for this long before it failed begins again with the first delay.
    public var resetAfter: Duration

    public init(
        first: Duration = .milliseconds(100), limit: Duration = .seconds(10), jitter: Double = 0.5,
        resetAfter: Duration = .seconds(30)
    ) {
        self.first = first
        self.limit = limit
        self.jitter = jitter
        self.resetAfter = resetAfter
    }

    /// The delay after so many failures in a row (1 or more).
    ///
    /// - Parameter random: uniform in 0 ..< 1.
    public func delay(failures: Int, random: Double) -> Duration {
        var delay = first
        for _ in 1..<max(1, min(failures, 64)) where delay < limit { delay = delay * 2 }
        return min(delay, limit) * (1 - jitter * random)
    }
}
