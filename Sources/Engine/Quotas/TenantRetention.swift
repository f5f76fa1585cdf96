/// How long what a tenant's runs have left is kept; what is not said is kept for good. Runs that have not ended, and what
/// belongs to them, stay however old they are.
public struct TenantRetention: Sendable, Hashable {
    /// The most days that may be asked for: a hundred years.
    public static let mostDays: Int32 = 36_525

    /// Days after its end when a run is removed with all that it has left.
    public var runDays: Int32?
    /// Days after its end when a run's logs are removed.
    public var logDays: Int32?

    public init(runDays: Int32? = nil, logDays: Int32? = nil) {
        self.runDays = runDays
        self.logDays = logDays
    }
}
