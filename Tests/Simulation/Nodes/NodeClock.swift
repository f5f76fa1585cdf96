import Engine
import Workflows

/// A node's own clock: it started at another moment than the others, and runs too fast or too slow.
struct NodeClock: EngineClock {
    let time: SimulatedTime
    let offset: Duration
    /// Microseconds of this clock in a second of true time.
    let rate: Int64

    var now: Duration {
        .microseconds(offset.wholeMicroseconds + time.now.wholeMicroseconds * rate / 1_000_000)
    }

    func sleep(until deadline: Duration) async {
        let local = max(0, (deadline - offset).wholeMicroseconds)
        // One more, so that this clock has reached the deadline when the sleeper wakes.
        await time.sleep(until: .microseconds(local * 1_000_000 / rate + 1))
        while !Task.isCancelled, now < deadline { await time.sleep(for: .microseconds(1)) }
    }
}
