/// Jittered exponential waits between attempts at something that answers "not now".
struct Backoff: Sendable {
    let base: Duration
    let limit: Duration
    private(set) var failures = 0

    init(base: Duration, limit: Duration) {
        self.base = base
        self.limit = limit
    }

    /// The wait after one more failure: between half and all of `base * 2^failures`, never above the limit.
    mutating func next(hint: Duration, random: UInt64) -> Duration {
        let full = min(limit, max(hint, base * (1 << min(failures, 16))))
        failures += 1
        let fraction = Double(random >> 11) * 0x1p-53
        return full / 2 + full / 2 * fraction
    }

    mutating func reset() { failures = 0 }
}
