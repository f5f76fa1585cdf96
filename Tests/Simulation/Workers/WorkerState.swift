import Engine
import Workflows

/// One life of a worker as a value: the rules of `WorkerRuntime`'s session, without its wire format.
struct WorkerState {
    enum Progress {
        case waiting(Assignment)
        case running
        /// Told to stop; its outcome counts for nobody.
        case abandoned
        case ended(FinishCommand.Outcome, sentAt: Duration?)
    }

    struct Held {
        var pool: String
        var progress: Progress
    }

    enum Order {
        case send(WorkerFrame)
        case run(Assignment)
    }

    let life: Int
    let session: SessionID
    let slots: [String: Int]
    var held: [TaskName: Held] = [:]
    var waiting: [TaskName] = []
    var used: [String: Int] = [:]
    var link: Link?
    var isUp = false
    var isLeaving = false
    var lastHeard: Duration = .zero
    var stalledUntil: Duration = .zero

    /// What runs here, or waits for its answer; in an order that follows from the names.
    var inventory: [TaskName] {
        held.filter { if case .abandoned = $0.value.progress { false } else { true } }.keys.sorted { $0.text < $1.text }
    }

    var runningCount: Int {
        held.values.count {
            switch $0.progress {
            case .waiting, .running: true
            case .abandoned, .ended: false
            }
        }
    }

    mutating func assigned(_ assignment: Assignment, now: Duration) -> [Order] {
        guard !isLeaving else { return [] }
        let task = assignment.task
        switch held[task]?.progress {
        case .waiting?, .abandoned?: return []
        case .running?: return [.send(.started(task))]
        case .ended(let outcome, _)?:
            held[task]?.progress = .ended(outcome, sentAt: now)
            return [.send(.finish(task, outcome))]
        case nil: break
        }
        held[task] = Held(pool: assignment.pool, progress: .waiting(assignment))
        waiting.append(task)
        return startWaiting()
    }

    mutating func startWaiting() -> [Order] {
        var orders: [Order] = []
        var left: [TaskName] = []
        for task in waiting {
            guard case .waiting(let assignment)? = held[task]?.progress else { continue }
            guard used[assignment.pool, default: 0] < slots[assignment.pool] ?? 0 else {
                left.append(task)
                continue
            }
            held[task]?.progress = .running
            used[assignment.pool, default: 0] += 1
            orders += [.send(.started(task)), .run(assignment)]
        }
        waiting = left
        return orders
    }

    /// `sends`: at once, or later by somebody else.
    mutating func ended(_ task: TaskName, _ outcome: FinishCommand.Outcome, sends: Bool, now: Duration) -> [Order] {
        guard let attempt = held[task] else { return [] }
        switch attempt.progress {
        case .waiting, .ended: return []
        case .abandoned: held[task] = nil
        case .running: held[task]?.progress = .ended(outcome, sentAt: isUp ? now : nil)
        }
        used[attempt.pool, default: 1] -= 1
        var orders: [Order] = []
        if case .running = attempt.progress, isUp, sends { orders.append(.send(.finish(task, outcome))) }
        return orders + startWaiting()
    }

    /// A task that is lost without a word.
    mutating func forget(_ task: TaskName) -> [Order] {
        guard let attempt = held.removeValue(forKey: task) else { return [] }
        used[attempt.pool, default: 1] -= 1
        return startWaiting()
    }

    mutating func acknowledged(_ task: TaskName) {
        if case .ended? = held[task]?.progress { held[task] = nil }
    }

    mutating func abandon(_ task: TaskName) {
        switch held[task]?.progress {
        case .waiting?:
            held[task] = nil
            waiting.removeAll { $0 == task }
        case .running?: held[task]?.progress = .abandoned
        // Of an ended one the answer is on its way.
        case .abandoned?, .ended?, nil: break
        }
    }

    mutating func welcomed(now: Duration) -> [Order] {
        isUp = true
        var orders: [Order] = []
        for task in inventory {
            if case .running? = held[task]?.progress { orders.append(.send(.started(task))) }
        }
        return orders + resend(olderThan: nil, now: now)
    }

    mutating func resend(olderThan age: Duration?, now: Duration) -> [Order] {
        var orders: [Order] = []
        for task in inventory {
            guard case .ended(let outcome, let sentAt)? = held[task]?.progress else { continue }
            if let age, let sentAt, now - sentAt <= age { continue }
            held[task]?.progress = .ended(outcome, sentAt: now)
            orders.append(.send(.finish(task, outcome)))
        }
        return orders
    }

    mutating func disconnected() {
        link = nil
        isUp = false
        for task in waiting { held[task] = nil }
        waiting = []
        for task in inventory {
            if case .ended(let outcome, _)? = held[task]?.progress {
                held[task]?.progress = .ended(outcome, sentAt: nil)
            }
        }
    }
}
