internal import DequeModule

extension PostgresPool {
    /// The decisions of a pool: who gets which connection, what is made and what is closed.
    ///
    /// A pure value: time and the jitter are parameters, effects are returned as orders. Waiters are served first come,
    /// first served, and nobody overtakes them.
    ///
    ///     connect ──► connecting ──connected──► idle ⇄ leased
    ///                  ▲      │                   │       │
    ///              time│      │failed             └─lost, │released broken,
    ///                 pausing ◄┘                    idle limit ──► gone (replaced while it is needed)
    struct StateMachine {
        typealias ConnectionID = UInt64
        typealias WaiterID = UInt64
        typealias Instant = ContinuousClock.Instant

        enum Slot: Equatable {
            case connecting
            /// Waits for its next attempt.
            case pausing(until: Instant)
            case idle(since: Instant)
            case leased
        }

        struct Waiter: Equatable {
            var id: WaiterID
            var deadline: Instant
        }

        struct Grant: Equatable {
            var waiter: WaiterID
            var connection: ConnectionID
        }

        /// What the shell has to do, in this order.
        struct Orders: Equatable {
            var grants: [Grant] = []
            /// Waiters whose deadline has passed.
            var expired: [WaiterID] = []
            /// Waiters that are refused because the pool is closed.
            var refused: [WaiterID] = []
            var connect: [ConnectionID] = []
            var close: [ConnectionID] = []
            /// Call `tick` then; nil leaves the alarm as it is.
            var wakeAt: Instant?

            var isEmpty: Bool { self == Orders() }
        }

        enum Lease: Equatable {
            case granted(ConnectionID)
            /// The waiter was put in line.
            case waits(Orders)
            case closed
        }

        let options: Options
        private(set) var slots: [ConnectionID: Slot] = [:]
        private(set) var waiters: Deque<Waiter> = []
        /// Most recently used last, so that connections above the need stay unused and are closed.
        private(set) var idle: [ConnectionID] = []
        private(set) var failures = 0
        private(set) var isClosed = false
        private var nextConnection: ConnectionID = 1
        private var alarm: Instant?

        init(_ options: Options) {
            self.options = options
        }

        var statistics: Statistics {
            var statistics = Statistics()
            statistics.waiting = waiters.count
            statistics.failures = failures
            for slot in slots.values {
                switch slot {
                case .connecting, .pausing: statistics.connecting += 1
                case .idle: statistics.idle += 1
                case .leased: statistics.leased += 1
                }
            }
            return statistics
        }

        // MARK: Events

        mutating func start(at now: Instant) -> Orders {
            var orders = Orders()
            refill(&orders)
            return orders
        }

        /// Somebody wants a connection. Nobody is granted one past those who wait already.
        mutating func lease(_ waiter: WaiterID, deadline: Instant, at now: Instant) -> Lease {
            guard !isClosed else { return .closed }
            if waiters.isEmpty, let connection = idle.popLast() {
                slots[connection] = .leased
                return .granted(connection)
            }
            waiters.append(Waiter(id: waiter, deadline: deadline))
            var orders = Orders()
            refill(&orders)
            setAlarm(deadline, &orders)
            return .waits(orders)
        }

        /// The waiter gave up. Returns whether it was still in line.
        mutating func cancel(_ waiter: WaiterID) -> Bool {
            guard let index = waiters.firstIndex(where: { $0.id == waiter }) else { return false }
            waiters.remove(at: index)
            return true
        }

        mutating func connected(_ connection: ConnectionID, at now: Instant) -> Orders {
            var orders = Orders()
            failures = 0
            switch slots[connection] {
            case .connecting:
                makeIdle(connection, at: now)
                // The others need not wait out their pauses: the server is back.
                for (id, slot) in slots {
                    guard case .pausing = slot else { continue }
                    slots[id] = .connecting
                    orders.connect.append(id)
                }
                orders.connect.sort()
                serve(&orders)
                armForIdle(at: now, &orders)
            case .pausing, .idle, .leased, nil: orders.close.append(connection)
            }
            return orders
        }

        /// - Parameter jitter: in 0..<1, spreads the attempts of many pools.
        mutating func connectFailed(_ connection: ConnectionID, jitter: Double, at now: Instant) -> Orders {
            var orders = Orders()
            guard slots[connection] == .connecting else { return orders }
            failures += 1
            guard isNeeded else {
                slots[connection] = nil
                return orders
            }
            let doubled = options.backoff * (1 << min(failures - 1, 16))
            let pause = min(doubled, options.maximumBackoff) * (0.5 + jitter / 2)
            slots[connection] = .pausing(until: now + pause)
            setAlarm(now + pause, &orders)
            return orders
        }

        mutating func released(_ connection: ConnectionID, isUsable: Bool, at now: Instant) -> Orders {
            var orders = Orders()
            guard slots[connection] == .leased else { return orders }
            guard isUsable, !isClosed else {
                slots[connection] = nil
                orders.close.append(connection)
                refill(&orders)
                return orders
            }
            makeIdle(connection, at: now)
            serve(&orders)
            armForIdle(at: now, &orders)
            return orders
        }

        /// The session ended by itself. One that is leased is replaced when it is given back.
        mutating func lost(_ connection: ConnectionID) -> Orders {
            var orders = Orders()
            switch slots[connection] {
            case .idle:
                idle.removeAll { $0 == connection }
                slots[connection] = nil
                orders.close.append(connection)
                refill(&orders)
            case .connecting, .pausing, .leased, nil: break
            }
            return orders
        }

        mutating func tick(at now: Instant) -> Orders {
            var orders = Orders()
            alarm = nil
            waiters.removeAll { waiter in
                guard waiter.deadline <= now else { return false }
                orders.expired.append(waiter.id)
                return true
            }
            for (id, slot) in slots {
                guard case .pausing(let until) = slot, until <= now else { continue }
                slots[id] = .connecting
                orders.connect.append(id)
            }
            orders.connect.sort()
            closeUnused(at: now, &orders)
            var next: [Instant] = waiters.map(\.deadline)
            for slot in slots.values {
                if case .pausing(let until) = slot { next.append(until) }
            }
            if let earliest = next.min() { setAlarm(earliest, &orders) }
            armForIdle(at: now, &orders)
            return orders
        }

        /// Refuses everybody in line and closes what is idle; what is leased is closed when it is given back.
        mutating func close() -> Orders {
            var orders = Orders()
            isClosed = true
            orders.refused = waiters.map(\.id)
            waiters.removeAll()
            orders.close = idle
            for connection in idle { slots[connection] = nil }
            idle.removeAll()
            slots = slots.filter { $0.value == .leased }
            return orders
        }

        // MARK: Steps

        /// Whether one more connection than those that are open has a use.
        private var isNeeded: Bool {
            let open = slots.values.count { $0 == .leased } + idle.count
            let pending = slots.count - open
            return !isClosed && (slots.count <= options.minimum || pending <= waiters.count)
        }

        private mutating func makeIdle(_ connection: ConnectionID, at now: Instant) {
            slots[connection] = .idle(since: now)
            idle.append(connection)
        }

        private mutating func serve(_ orders: inout Orders) {
            while let connection = idle.last, let waiter = waiters.popFirst() {
                idle.removeLast()
                slots[connection] = .leased
                orders.grants.append(Grant(waiter: waiter.id, connection: connection))
            }
        }

        private mutating func refill(_ orders: inout Orders) {
            guard !isClosed else { return }
            var pending = 0
            for slot in slots.values {
                switch slot {
                case .connecting, .pausing: pending += 1
                case .idle, .leased: break
                }
            }
            while slots.count < options.maximum, slots.count < options.minimum || pending < waiters.count {
                slots[nextConnection] = .connecting
                orders.connect.append(nextConnection)
                nextConnection += 1
                pending += 1
            }
        }

        private mutating func closeUnused(at now: Instant, _ orders: inout Orders) {
            // The least recently used come first.
            while slots.count > options.minimum, let connection = idle.first,
                case .idle(let since) = slots[connection], since + options.idleLimit <= now
            {
                idle.removeFirst()
                slots[connection] = nil
                orders.close.append(connection)
            }
        }

        private mutating func armForIdle(at now: Instant, _ orders: inout Orders) {
            guard slots.count > options.minimum, let connection = idle.first,
                case .idle(let since) = slots[connection]
            else { return }
            setAlarm(max(since + options.idleLimit, now), &orders)
        }

        private mutating func setAlarm(_ time: Instant, _ orders: inout Orders) {
            if let alarm, alarm <= time { return }
            alarm = time
            orders.wakeAt = time
        }
    }
}
