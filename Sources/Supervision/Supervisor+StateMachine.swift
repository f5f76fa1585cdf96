/// All decisions of a supervisor: events in, orders to the shell out; no tasks, no clock, no randomness.
///
/// Stopping, for whatever reason, goes backward through the children, one at a time, so that what was started last (and
/// may use what was started before it) ends first. Orders and timers carry the generation of the child that they are
/// about; what belongs to an earlier generation is ignored, because a timer and an exit may cross.
///
/// States of a child and the events that move it:
///
///     waiting ─start→ running ─fails→ backingOff ─timer→ running
///     running ─stop→ draining ─deadline→ cancelling ─exit→ stopped
///     running ─ends→ ended (nothing starts it again but its siblings' restart)
struct SupervisorStateMachine {
    struct Rule: Equatable {
        var restart: ChildSpec.Restart
        var shutdown: ChildSpec.Shutdown
    }

    enum ChildState: Equatable {
        case waiting
        case running
        case backingOff
        case draining
        case cancelling
        /// Done for good: a temporary child, or a transient one that returned.
        case ended
        /// Stopped by its supervisor.
        case stopped
    }

    enum Exit: Equatable {
        case returned
        case failed(String)
    }

    enum Order: Equatable {
        case start(Int, generation: Int)
        case drain(Int)
        case cancel(Int)
        /// Tell ``deadlinePassed(_:generation:now:)`` after the time.
        case watchDeadline(Int, generation: Int, after: Duration)
        /// Tell ``backOffElapsed(_:generation:now:)`` after the time.
        case backOff(Int, generation: Int, after: Duration)
        /// Everything has ended: return, or throw.
        case finish(Outcome)
    }

    enum Outcome: Equatable {
        case stopped
        case gaveUp(child: Int, lastError: String)
    }

    private(set) var children: [Child]

    struct Child: Equatable {
        let rule: Rule
        var state: ChildState = .waiting
        var generation = 0
        var restarts = 0
        /// Failures in a row, for the back-off.
        var failures = 0
        /// When it entered its state.
        var since: Duration = .zero
        var lastError: String?

        /// Its task exists.
        var isLive: Bool {
            switch state {
            case .running, .draining, .cancelling: true
            case .waiting, .backingOff, .ended, .stopped: false
            }
        }
    }

    private enum Phase: Equatable {
        case running
        /// Children from `first` on are being stopped, to be started again because `cause` failed.
        case regrouping(first: Int, cause: Int, delay: Duration)
        /// They have stopped; the back-off of `cause` runs.
        case pausing(first: Int, cause: Int)
        case stopping(Outcome)
        case finished
    }

    private var phase = Phase.running
    private let strategy: Strategy
    private let intensity: RestartIntensity
    private let backOff: BackOff
    /// When restarts happened, within the window.
    private var restarts: [Duration] = []

    init(rules: [Rule], strategy: Strategy, intensity: RestartIntensity, backOff: BackOff) {
        children = rules.map { Child(rule: $0) }
        self.strategy = strategy
        self.intensity = intensity
        self.backOff = backOff
    }

    var isStopping: Bool {
        switch phase {
        case .stopping, .finished: true
        case .running, .regrouping, .pausing: false
        }
    }

    /// Starts all children in order.
    mutating func start(now: Duration) -> [Order] {
        children.indices.map { begin($0, now: now) }
    }

    /// A child's task ended.
    ///
    /// - Parameter random: uniform in 0 ..< 1, for the back-off's jitter.
    mutating func exited(_ index: Int, generation: Int, _ exit: Exit, now: Duration, random: Double) -> [Order] {
        guard children[index].generation == generation else { return [] }
        switch children[index].state {
        case .draining, .cancelling:
            if case .failed(let error) = exit { children[index].lastError = error }
            // A temporary child is not started again, not even with its siblings.
            move(index, to: children[index].rule.restart == .temporary ? .ended : .stopped, now: now)
            return goOn(now: now)
        case .running:
            return exitedByItself(index, exit, now: now, random: random)
        case .waiting, .backingOff, .ended, .stopped:
            // A child in these states has no task, so this exit was told before.
            return []
        }
    }

    /// The back-off of a child is over.
    mutating func backOffElapsed(_ index: Int, generation: Int, now: Duration) -> [Order] {
        guard children[index].generation == generation, children[index].state == .backingOff else { return [] }
        switch phase {
        case .running:
            return [restart(index, now: now)]
        case .pausing(let first, let cause):
            guard cause == index else { return [] }
            phase = .running
            return children.indices[first...].filter { children[$0].state != .ended }.map { restart($0, now: now) }
        case .regrouping, .stopping, .finished:
            return []
        }
    }

    /// A draining child has not ended in time.
    mutating func deadlinePassed(_ index: Int, generation: Int, now: Duration) -> [Order] {
        guard children[index].generation == generation, children[index].state == .draining else { return [] }
        move(index, to: .cancelling, now: now)
        return [.cancel(index)]
    }

    /// Stops everything in order; a second call changes nothing.
    mutating func stop(now: Duration) -> [Order] {
        if isStopping { return [] }
        phase = .stopping(.stopped)
        return goOn(now: now)
    }

    // MARK: - Decisions

    private mutating func exitedByItself(_ index: Int, _ exit: Exit, now: Duration, random: Double) -> [Order] {
        let ran = now - children[index].since
        let rule = children[index].rule.restart
        switch (rule, exit) {
        case (.temporary, .returned), (.transient, .returned):
            move(index, to: .ended, now: now)
            return isRunning ? [] : goOn(now: now)
        case (.temporary, .failed(let error)):
            children[index].lastError = error
            move(index, to: .ended, now: now)
            return isRunning ? [] : goOn(now: now)
        case (.permanent, .returned):
            children[index].lastError = "returned, though it should run until it is stopped"
        case (.permanent, .failed(let error)), (.transient, .failed(let error)):
            children[index].lastError = error
        }
        if isStopping {
            move(index, to: .stopped, now: now)
            return goOn(now: now)
        }

        restarts.append(now)
        restarts.removeAll { now - $0 > intensity.window }
        guard restarts.count <= intensity.restarts else {
            move(index, to: .stopped, now: now)
            phase = .stopping(.gaveUp(child: index, lastError: children[index].lastError ?? ""))
            return goOn(now: now)
        }
        children[index].failures = ran >= backOff.resetAfter ? 1 : children[index].failures + 1
        let delay = backOff.delay(failures: children[index].failures, random: random)
        return regroup(index, delay: delay, now: now)
    }

    private mutating func regroup(_ index: Int, delay: Duration, now: Duration) -> [Order] {
        move(index, to: .backingOff, now: now)
        let first: Int
        switch strategy {
        case .oneForOne:
            return [.backOff(index, generation: children[index].generation, after: delay)]
        case .oneForAll: first = 0
        case .restForOne: first = index
        }
        switch phase {
        case .running:
            phase = .regrouping(first: first, cause: index, delay: delay)
        case .regrouping(let other, let cause, let otherDelay):
            // A second failure while the first one's group stops: one group, the longer wait.
            children[cause].state = cause == index ? .backingOff : .stopped
            phase = .regrouping(first: min(first, other), cause: index, delay: max(delay, otherDelay))
        case .pausing(let other, let cause):
            if cause != index { children[cause].state = .stopped }
            phase = .regrouping(first: min(first, other), cause: index, delay: delay)
        case .stopping, .finished:
            preconditionFailure("a stopping supervisor restarts nobody")
        }
        return goOn(now: now)
    }

    /// The next order of a stop in progress: one child at a time, from the last to the first.
    private mutating func goOn(now: Duration) -> [Order] {
        switch phase {
        case .running, .pausing, .finished:
            return []
        case .regrouping(let first, let cause, let delay):
            if let orders = stopLast(from: first, now: now) { return orders }
            phase = .pausing(first: first, cause: cause)
            return [.backOff(cause, generation: children[cause].generation, after: delay)]
        case .stopping(let outcome):
            if let orders = stopLast(from: 0, now: now) { return orders }
            for index in children.indices where children[index].state == .backingOff {
                move(index, to: .stopped, now: now)
            }
            phase = .finished
            return [.finish(outcome)]
        }
    }

    /// `nil` when no child from `first` on has a task; no orders when one is already on its way out.
    private mutating func stopLast(from first: Int, now: Duration) -> [Order]? {
        guard let index = children.indices[first...].last(where: { children[$0].isLive }) else { return nil }
        switch (children[index].state, children[index].rule.shutdown) {
        case (.running, .cancel):
            move(index, to: .cancelling, now: now)
            return [.cancel(index)]
        case (.running, .drain(let limit)):
            move(index, to: .draining, now: now)
            return [
                .drain(index), .watchDeadline(index, generation: children[index].generation, after: limit),
            ]
        case (.draining, _), (.cancelling, _), (.waiting, _), (.backingOff, _), (.ended, _), (.stopped, _):
            return []
        }
    }

    private var isRunning: Bool { phase == .running }

    private mutating func begin(_ index: Int, now: Duration) -> Order {
        children[index].generation += 1
        move(index, to: .running, now: now)
        return .start(index, generation: children[index].generation)
    }

    private mutating func restart(_ index: Int, now: Duration) -> Order {
        children[index].restarts += 1
        return begin(index, now: now)
    }

    private mutating func move(_ index: Int, to state: ChildState, now: Duration) {
        children[index].state = state
        children[index].since = now
    }
}
