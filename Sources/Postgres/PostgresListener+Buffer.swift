internal import DequeModule

extension PostgresListener {
    /// What a subscriber gets.
    public enum Event: Sendable, Equatable {
        case notification(PostgresNotification)
        /// Notifications before this point may be missing: the session was made (again), or the reader was too slow.
        /// Look at what the notifications are about.
        case mayHaveMissed
    }

    /// Events between the connection and one slow reader. A pure value with a bound: when it is full, everything in it
    /// becomes one `mayHaveMissed`.
    struct Buffer {
        private(set) var events: Deque<Event> = []
        let capacity: Int

        init(capacity: Int) {
            precondition(capacity > 0)
            self.capacity = capacity
        }

        mutating func add(_ event: Event) {
            if event == .mayHaveMissed || events.count == capacity { events = [.mayHaveMissed] }
            guard event != .mayHaveMissed else { return }
            events.append(event)
        }

        mutating func next() -> Event? { events.popFirst() }
    }
}
