/// Outcomes of the recent past, counted in ten slices of a window that slides by one slice at a time.
///
/// An outcome counts for at least nine tenths of the window and at most all of it.
public struct OutcomeWindow: Hashable, Sendable {
    public static let slices = 10

    /// Failures of each slice, then successes of each; the slice of a moment is its number modulo `slices`. Empty: none.
    public private(set) var counts: [Int32]
    /// The number of the newest slice, counted from 1970.
    public private(set) var newest: Int64

    public init() {
        counts = []
        newest = 0
    }

    /// What was stored; anything else than twenty counts is taken for none.
    public init(counts: [Int32], newest: Int64) {
        self.counts = counts.count == Self.slices * 2 ? counts : []
        self.newest = newest
    }

    public var failures: Int64 { counts.prefix(Self.slices).reduce(0) { $0 + Int64($1) } }
    public var successes: Int64 { counts.dropFirst(Self.slices).reduce(0) { $0 + Int64($1) } }

    /// Counts outcomes of now.
    public mutating func add(failures: Int32, successes: Int32, at now: Timestamp, window: Duration) {
        slide(to: now, window: window)
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.slices * 2) }
        let slot = Int(newest % Int64(Self.slices))
        counts[slot] = Self.sum(counts[slot], failures)
        counts[Self.slices + slot] = Self.sum(counts[Self.slices + slot], successes)
    }

    /// Forgets what is older than the window.
    public mutating func slide(to now: Timestamp, window: Duration) {
        let length = max(1, window.wholeMicroseconds / Int64(Self.slices))
        // A clock that was set back leaves the newest slice the newest.
        let number = max(newest, max(0, now.microseconds) / length)
        defer { newest = number }
        guard !counts.isEmpty, number > newest else { return }
        for passed in 1...min(number - newest, Int64(Self.slices)) {
            let slot = Int((newest + passed) % Int64(Self.slices))
            counts[slot] = 0
            counts[Self.slices + slot] = 0
        }
    }

    private static func sum(_ left: Int32, _ right: Int32) -> Int32 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
