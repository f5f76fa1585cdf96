public import Expressions

/// `uses: wait`.
public struct WaitRule: Sendable {
    /// What is waited for.
    public enum Until: Sendable {
        /// `for`: text of a duration.
        case duration(Template)
        /// `until`: text of a point in time (RFC 3339).
        case time(Template)
        /// `signal`: the signal's name. One that came before the wait is taken at once.
        case signal(Template)
    }

    public var until: Until
    /// Longest wait for a signal.
    public var timeout: Duration?
    public var onTimeout: TimeoutAction

    public init(until: Until, timeout: Duration? = nil, onTimeout: TimeoutAction = .fail) {
        self.until = until
        self.timeout = timeout
        self.onTimeout = onTimeout
    }
}
