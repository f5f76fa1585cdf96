import Protobuf
import Telemetry

extension BeamlineV1.Assign {
    /// When the attempt's time is over. The limit counts from now; only without one is the server's clock compared with
    /// ours.
    func deadline(now: ContinuousClock.Instant, wallClock: WallTime) -> ContinuousClock.Instant? {
        if let limits, limits.timeMs > 0 { return now + .milliseconds(limits.timeMs) }
        guard deadlineUnixMs > 0 else { return nil }
        return now + .milliseconds(deadlineUnixMs - wallClock.microseconds / 1000)
    }
}
