/// When a circuit breaker opens, for how long, and what closes it again.
public struct BreakerRule: Hashable, Sendable {
    /// It opens at so many failures within the window.
    public var failures: Int32
    /// And only if at least this share of the window's outcomes are failures, above 0 and at most 1; `nil`: any.
    public var ratio: Double?
    public var window: Duration
    /// How long it stays open before probes are let through.
    public var pause: Duration
    /// Attempts that run at once at most while it is half-open, over all nodes; so many successes close it.
    public var probes: Int32

    public static let counts: ClosedRange<Int32> = 1...1_000_000
    public static let windows: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)
    public static let pauses: ClosedRange<Duration> = .milliseconds(10) ... .seconds(7 * 86_400)
    public static let mostProbes: Int32 = 1000

    public init(
        failures: Int32 = 5, ratio: Double? = nil, window: Duration = .seconds(60), pause: Duration = .seconds(30),
        probes: Int32 = 1
    ) {
        self.failures = failures
        self.ratio = ratio
        self.window = window
        self.pause = pause
        self.probes = probes
    }
}
