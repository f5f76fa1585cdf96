import Engine
import Workflows

extension WaitReason {
    /// A sentence for people, with the remedy where somebody can do something.
    var message: String {
        switch self {
        case .dependencies(let needs): "It needs \(needs.joined(separator: ", ")) to end."
        case .stage(let stage): "It belongs to a later part of the workflow; the run is in \(stage)."
        case .parts(let unended): "\(unended) of its items, or of its handler's steps, have not ended."
        case .paused(let since): "The run has been paused since \(since.rfc3339); resume it with: beamline run resume"
        case .retry(let due): "Its last attempt has failed; the next one starts at \(due.rfc3339)."
        case .rate(let name, let due): "The rate \(name) lets it start at \(due.rfc3339)."
        case .throttle(let name, let due):
            "All starts of the throttle \(name) are taken; the run starts at \(due.rfc3339)."
        case .debounce(let name, let due):
            "It starts at \(due.rfc3339), unless another run of \(name) is asked for before."
        case .limit(let limit):
            "All \(limit.slots) slots of the limit \(limit.name) are taken, and \(limit.ahead) wait before it."
        case .breaker(let breaker): breaker.message
        case .starting: "It has got its slot and starts at any moment."
        case .queuePaused(let queue):
            "The queue \(queue) is paused; resume it with: beamline queue resume \(queue)"
        case .queueLimit(let queue, let places, let running):
            "The queue \(queue) has \(running) of at most \(places) attempts running."
        case .quota(let places, let running):
            "The tenant has \(running) of at most \(places) steps running: its quota of concurrent_steps; ask for a higher one."
        case .noWorker(let taskType, let pool):
            "No live worker serves \(taskType) in the pool \(pool); start one that does."
        case .turn(let queue, let ahead, let workers):
            "\(ahead) steps of the queue \(queue) are before it, for the slots of \(workers) workers."
        case .running(let worker, let since):
            "The worker \(worker ?? "that has left") has had it since \(since.rfc3339)."
        case .outside(let since): "It has been waiting for something outside since \(since.rfc3339)."
        }
    }
}

extension BreakerEvidence {
    fileprivate var message: String {
        let what = kind == .taskType ? "task type" : "target"
        return switch phase {
        case .closed: "The breaker of the \(what) \(name) is closed."
        case .open(let until?):
            "Attempts of the \(what) \(name) keep failing: its breaker is open, and probes start at \(until.rfc3339)."
        case .open(nil):
            "The breaker of the \(what) \(name) was opened by hand; close it with: beamline breaker reset \(name)"
        case .halfOpen:
            "The breaker of the \(what) \(name) is half-open: \(probes) probes at once, and \(ahead) steps are before it."
        }
    }
}
