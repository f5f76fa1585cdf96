/// How runs of one key are spread over time.
public enum PacingRule: Hashable, Sendable {
    case throttle(Throttle)
    case debounce(Debounce)
}

/// At most so many starts in each window of time.
public struct Throttle: Hashable, Sendable {
    /// At least 1.
    public var limit: Int32
    /// The length of a window.
    public var per: Duration
    public var excess: ExcessPolicy

    public init(limit: Int32, per: Duration, excess: ExcessPolicy = .wait) {
        self.limit = limit
        self.per = per
        self.excess = excess
    }
}

/// What becomes of a run for which its window has no start left.
public enum ExcessPolicy: String, Sendable, CaseIterable {
    /// It starts in the next window that has one.
    case wait
    /// It is refused.
    case drop
}

/// Of runs that are asked for in quick succession, the last starts.
public struct Debounce: Hashable, Sendable {
    /// A run starts when so long no other was asked for.
    public var quiet: Duration
    /// Counted from the first of the succession: then the last of them starts, however unquiet it is.
    public var longest: Duration

    public init(quiet: Duration, longest: Duration) {
        self.quiet = quiet
        self.longest = longest
    }

    /// How long a run that is asked for now has to wait.
    ///
    /// - Parameter age: How long ago the first of its succession was asked for.
    public func delay(age: Duration) -> Duration { max(.zero, min(quiet, longest - age)) }
}
