import Synchronization
import Workflows

/// What the store's clock says now, as far as this node can tell: the last time that the store answered, carried on by
/// the node's monotonic clock.
///
/// It orders and stamps what does not need the exact clock (run ids, deadlines told to workers); leases and due times
/// are judged by the store itself.
final class StoreClock: Sendable {
    private struct Reading {
        var store: Timestamp
        var local: Duration
    }

    private let clock: any EngineClock
    private let reading: Mutex<Reading>

    init(clock: any EngineClock, store: Timestamp) {
        self.clock = clock
        reading = Mutex(Reading(store: store, local: clock.now))
    }

    /// Takes a reading; an answer was on its way for a while, so an older one never turns the clock back.
    func observe(_ time: Timestamp) {
        let local = clock.now
        reading.withLock { reading in
            let expected = reading.store + (local - reading.local)
            reading = Reading(store: max(expected, time), local: local)
        }
    }

    var now: Timestamp {
        let local = clock.now
        return reading.withLock { $0.store + (local - $0.local) }
    }
}
