public import Workflows

/// Why a step, or a run, does not go on. Each comes with its evidence.
public enum WaitReason: Sendable, Hashable {
    /// Steps that it needs have not ended.
    case dependencies([String])
    /// The run is in an earlier part: this one.
    case stage(String)
    /// So many of its items, or of its handler's steps, have not ended.
    case parts(unended: Int)
    /// Somebody has paused the run.
    case paused(since: Timestamp)
    /// A retry waits for its time.
    case retry(due: Timestamp)
    /// Others have used up its rate until then.
    case rate(name: String, due: Timestamp)
    /// All starts of its window are taken.
    case throttle(name: String, due: Timestamp)
    /// A newer run of its key might still come.
    case debounce(name: String, due: Timestamp)
    /// Its limit has no slot free.
    case limit(LimitEvidence)
    /// It has got its slot and starts with the next commit.
    case starting
    /// What it would try keeps failing: the breaker of its task type, or of its target, is not closed.
    case breaker(BreakerEvidence)
    case queuePaused(queue: String)
    /// The queue has as many attempts as it may have.
    case queueLimit(queue: String, places: Int32, running: Int)
    /// The tenant has as many attempts as its quota of concurrent steps allows.
    case quota(places: Int64, running: Int64)
    /// No live worker serves the task type in the pool.
    case noWorker(taskType: String, pool: String)
    /// Others are before it in its queue, or all slots of the workers are taken.
    case turn(queue: String, ahead: Int, workers: Int)
    /// It does go on: a worker has it.
    case running(worker: String?, since: Timestamp)
    /// For something outside: an approval, a signal, a child run.
    case outside(since: Timestamp)

    /// The reasons without their evidence.
    public enum Kind: String, Sendable, CaseIterable {
        case dependencies
        case stage
        case parts
        case paused
        case retry
        case rate
        case throttle
        case debounce
        case limit
        case starting
        case breaker
        case queuePaused = "queue_paused"
        case queueLimit = "queue_limit"
        case quota
        case noWorker = "no_worker"
        case turn
        case running
        case outside
    }

    public var kind: Kind {
        switch self {
        case .dependencies: .dependencies
        case .stage: .stage
        case .parts: .parts
        case .paused: .paused
        case .retry: .retry
        case .rate: .rate
        case .throttle: .throttle
        case .debounce: .debounce
        case .limit: .limit
        case .starting: .starting
        case .breaker: .breaker
        case .queuePaused: .queuePaused
        case .queueLimit: .queueLimit
        case .quota: .quota
        case .noWorker: .noWorker
        case .turn: .turn
        case .running: .running
        case .outside: .outside
        }
    }

    /// Stable over releases; programs compare it.
    public var code: String { kind.rawValue }

    public static let codes = Set(Kind.allCases.map(\.rawValue))

    /// The first thing that stands in the way, in the order in which a claim meets it.
    init(_ place: StepEvidence.Place) {
        switch place {
        case .leased(let worker, let since): self = .running(worker: worker, since: since)
        case .scheduled(let due, let rate?): self = .rate(name: rate, due: due)
        case .scheduled(let due, nil): self = .retry(due: due)
        case .delayed(let delay):
            self =
                delay.isThrottle
                ? .throttle(name: delay.name, due: delay.due) : .debounce(name: delay.name, due: delay.due)
        case .held(let limit?): self = .limit(limit)
        case .held(nil): self = .starting
        case .stopped(let breaker): self = .breaker(breaker)
        case .parked(let since): self = .paused(since: since)
        case .waiting(let since): self = .outside(since: since)
        case .ready(let ready):
            switch ready.queue.closure(running: ready.running) {
            case .paused: self = .queuePaused(queue: ready.queue.name)
            case .full(let places):
                self = .queueLimit(queue: ready.queue.name, places: places, running: ready.running)
            case nil where ready.breaker != nil:
                self = ready.breaker.map { .breaker($0) } ?? .starting
            case nil where ready.isOverQuota:
                self = .quota(places: ready.quota?.limit ?? 0, running: ready.quota?.used ?? 0)
            case nil where ready.workers == 0: self = .noWorker(taskType: ready.taskType, pool: ready.pool)
            case nil: self = .turn(queue: ready.queue.name, ahead: ready.ahead, workers: ready.workers)
            }
        }
    }
}

extension QueueRecord {
    /// Why nothing is handed out of a queue.
    public enum Closure: Sendable, Hashable {
        case paused
        /// As many attempts run as may.
        case full(places: Int32)
    }

    /// Whether a claim passes the queue over: what claims judge by, and what is told of them.
    public func closure(running: Int) -> Closure? {
        if isPaused { return .paused }
        if let places = settings.concurrency, running >= Int(places) { return .full(places: places) }
        return nil
    }
}
