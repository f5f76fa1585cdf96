import NIOCore

/// Allows a burst, then so many a second. Time is a parameter.
struct TokenBucket {
    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var last: NIODeadline

    init(burst: Int, perSecond: Int, now: NIODeadline) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        tokens = Double(burst)
        last = now
    }

    /// Takes a token; `false` when there is none.
    mutating func take(now: NIODeadline) -> Bool {
        if now > last {
            tokens = min(burst, tokens + Double((now - last).nanoseconds) * perSecond / 1e9)
            last = now
        }
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
