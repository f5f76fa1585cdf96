/// How a running family of processes is brought to its end: `SIGTERM`, then after the grace `SIGKILL`.
///
/// Pure: instants come in, orders go out.
struct ProcessStop {
    typealias Instant = ContinuousClock.Instant

    /// Why it was stopped; the first reason stays.
    enum Reason: Equatable {
        case timeout
        case request
    }

    enum Order: Equatable {
        case none
        case terminate
        case kill
    }

    private enum State: Equatable {
        case running(deadline: Instant?)
        case terminating(Reason, killAt: Instant)
        case killed(Reason)
    }

    private var state: State
    private let grace: Duration

    init(deadline: Instant?, grace: Duration) {
        state = .running(deadline: deadline)
        self.grace = grace
    }

    /// `nil` while nothing has stopped it.
    var reason: Reason? {
        switch state {
        case .running: nil
        case .terminating(let reason, _), .killed(let reason): reason
        }
    }

    /// When `tick` has something to do next.
    var nextDeadline: Instant? {
        switch state {
        case .running(let deadline): deadline
        case .terminating(_, let killAt): killAt
        case .killed: nil
        }
    }

    mutating func requested(_ level: StopSignal.Level, now: Instant) -> Order {
        switch (state, level) {
        case (.running, .graceful):
            state = .terminating(.request, killAt: now + grace)
            return .terminate
        case (.running, .immediate):
            state = .killed(.request)
            return .kill
        case (.terminating(let reason, _), .immediate):
            state = .killed(reason)
            return .kill
        case (.terminating, .graceful), (.killed, .graceful), (.killed, .immediate):
            return .none
        }
    }

    mutating func tick(now: Instant) -> Order {
        switch state {
        case .running(let deadline):
            guard let deadline, deadline <= now else { return .none }
            state = .terminating(.timeout, killAt: now + grace)
            return .terminate
        case .terminating(let reason, let killAt):
            guard killAt <= now else { return .none }
            state = .killed(reason)
            return .kill
        case .killed:
            return .none
        }
    }
}
