/// The window of a throttle that is being filled. Windows follow each other from the first start on; when one has passed
/// and nothing is spoken for beyond it, the next begins with the next start.
public struct StartWindow: Hashable, Sendable {
    /// When it begins, from now in µs; above 0 when all windows before it are full.
    public var start: Int64
    /// Starts in it that are spoken for.
    public var used: Int32

    public init(start: Int64 = 0, used: Int32 = 0) {
        self.start = start
        self.used = used
    }

    /// Speaks for one more start.
    ///
    /// - Returns: when that may be, from now in µs.
    public mutating func reserve(_ throttle: Throttle) -> Int64 {
        renew(throttle)
        if used >= throttle.limit {
            let (next, overflow) = start.addingReportingOverflow(throttle.per.wholeMicroseconds)
            start = overflow ? .max : next
            used = 0
        }
        used += 1
        return max(0, start)
    }

    /// Starts that the window has left.
    public func room(_ throttle: Throttle) -> Int32 {
        var window = self
        window.renew(throttle)
        return max(0, throttle.limit - window.used)
    }

    /// When the next window begins, from now in µs.
    public func end(_ throttle: Throttle) -> Int64 {
        let (end, overflow) = start.addingReportingOverflow(throttle.per.wholeMicroseconds)
        return overflow ? .max : max(0, end)
    }

    private mutating func renew(_ throttle: Throttle) {
        if end(throttle) <= 0 { self = StartWindow() }
    }
}
