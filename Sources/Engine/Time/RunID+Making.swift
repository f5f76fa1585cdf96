import Workflows

extension RunID {
    /// A UUIDv7 whose twelve bits after the milliseconds hold the fraction of the millisecond (RFC 9562 §6.2, method 3),
    /// so that ids of one node sort by microseconds.
    init(at time: Timestamp, random: UInt64) {
        let fraction = UInt64(time.microseconds % 1000) << 12 / 1000
        self.init(at: time, random: Bytes(high: fraction, low: random))
    }
}

extension RunID.Bytes {
    init(random: () -> UInt64) { self.init(high: random(), low: random()) }
}
