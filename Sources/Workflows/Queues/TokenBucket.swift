/// The generic cell rate algorithm (ITU-T I.371): a token bucket as one point in time, up to which starts are spoken for.
///
/// Every arrival is told at once when it may start, so nothing has to wait in a line, and no clock has to tick.
public struct TokenBucket: Hashable, Sendable {
    /// Microseconds between two starts in the long run; at least 1.
    public var interval: Int64
    /// Starts that may follow each other at once; at least 1.
    public var burst: Int32

    public init(interval: Int64, burst: Int32) {
        self.interval = max(1, interval)
        self.burst = max(1, burst)
    }

    /// When arrivals may start, each from now in µs.
    ///
    /// - Parameters:
    ///   - backlog: How far starts are spoken for, from now in µs, before these arrivals; below 0 is nothing.
    ///   - count: How many arrive.
    public func delays(backlog: Int64, count: Int) -> [Int64] {
        let tolerance = interval.multipliedClamping(by: Int64(burst) - 1)
        var spoken = max(0, backlog)
        var delays: [Int64] = []
        delays.reserveCapacity(count)
        for _ in 0..<count {
            delays.append(max(0, spoken - tolerance))
            let (next, overflow) = spoken.addingReportingOverflow(interval)
            spoken = overflow ? .max : next
        }
        return delays
    }
}

extension Int64 {
    fileprivate func multipliedClamping(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
