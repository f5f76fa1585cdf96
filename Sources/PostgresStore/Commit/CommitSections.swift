/// Which parts of the commit statement a batch needs.
///
/// The statement is composed of them, because PostgreSQL pays for every part that is in its plan, also for one that
/// finds nothing to do.
struct CommitSections: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    /// New runs, and those of them that have an idempotency key.
    static let starts = Self(rawValue: 1 << 0)
    static let keys = Self(rawValue: 1 << 1)
    /// Compare-and-set of existing runs.
    static let advances = Self(rawValue: 1 << 2)
    /// Some run of the batch ends.
    static let endings = Self(rawValue: 1 << 3)
    /// Run deadlines to delete: of runs that end, and applied ones.
    static let deadlines = Self(rawValue: 1 << 4)
    static let finishes = Self(rawValue: 1 << 5)
    static let transitions = Self(rawValue: 1 << 6)
    static let ready = Self(rawValue: 1 << 7)
    /// Some ready token asks for a lease at once.
    static let leases = Self(rawValue: 1 << 8)
    static let timers = Self(rawValue: 1 << 9)
    static let payloads = Self(rawValue: 1 << 10)
    static let inbox = Self(rawValue: 1 << 11)
}
