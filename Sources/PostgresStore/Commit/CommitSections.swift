/// Which parts of the commit statement a batch needs.
///
/// The statement is composed of them, because PostgreSQL pays for every part that is in its plan, also for one that
/// finds nothing to do.
struct CommitSections: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

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
    /// Some new run says itself what it is ranked by.
    static let urgency = Self(rawValue: 1 << 16)
    /// Attempts of queues with a limit end.
    static let freed = Self(rawValue: 1 << 17)
    /// Tokens that wait for slots; slots that are given back; runs that were let in and start.
    static let held = Self(rawValue: 1 << 18)
    static let releases = Self(rawValue: 1 << 19)
    static let admitted = Self(rawValue: 1 << 20)

    /// Some new run's id may be taken. By far most are new: PostgreSQL then need not look for the id before it inserts the
    /// row, nor confirm the row afterwards.
    static let contested = Self(rawValue: 1 << 21)

    /// Every part.
    static let all: Self = [
        .starts, .keys, .advances, .endings, .deadlines, .finishes, .transitions, .ready, .leases, .timers, .payloads,
        .inbox, .urgency, .freed, .held, .releases, .admitted, .contested,
    ]
}
