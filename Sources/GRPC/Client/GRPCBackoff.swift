/// How long a channel rests after failed attempts to connect. Pure.
public struct GRPCBackoff: Sendable {
    /// The first rest.
    public var initial = Duration.seconds(1)
    /// By what each rest is longer than the one before.
    public var factor = 1.6
    /// The longest rest, before jitter.
    public var maximum = Duration.seconds(30)
    /// The part by which a rest is longer or shorter at random.
    public var jitter = 0.2

    /// The defaults.
    public init() {}

    /// The rest after a number of failures in a row.
    ///
    /// - Parameter random: Between 0 and 1.
    func rest(failures: Int, random: Double) -> Duration {
        var rest = initial
        for _ in 1..<max(1, failures) where rest < maximum { rest = rest * factor }
        return min(rest, maximum) * (1 + jitter * (2 * random - 1))
    }
}
