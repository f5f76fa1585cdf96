/// Where a step stands. `ready`, `running`, `scheduled`, `waiting` and `held` are told apart by the step's token alone.
/// Raw values are the database's; `text` is the API's.
public enum StepState: Int16, Sendable, CaseIterable {
    case pending = 1
    case ready = 2
    case running = 3
    /// A retry or a delay waits for its time.
    case scheduled = 4
    /// For an approval, a signal or a child run.
    case waiting = 5
    /// By a limit, a breaker or a quota.
    case held = 6
    case succeeded = 7
    case failed = 8
    case skipped = 9
    case cancelled = 10
    /// Of an attempt only: its lease ended with its worker; the step goes on.
    case lost = 11
    /// Its items, or the steps of a handler, run for it; it has no token meanwhile.
    case expanded = 12
    /// Of the run: a signal came.
    case signalled = 13
    /// Of an approval: somebody has decided.
    case decided = 14
    /// Of the run: a stage began.
    case entered = 15
    /// Of the run: it goes on after its failure.
    case reopened = 16
    /// Of the run: what it takes over from the run that it repeats.
    case carried = 17

    public var isEnded: Bool {
        switch self {
        case .pending, .ready, .running, .scheduled, .waiting, .held, .lost, .expanded, .signalled, .decided, .entered,
            .reopened, .carried:
            false
        case .succeeded, .failed, .skipped, .cancelled: true
        }
    }

    public var text: String {
        switch self {
        case .pending: "pending"
        case .ready: "ready"
        case .running: "running"
        case .scheduled: "scheduled"
        case .waiting: "waiting"
        case .held: "held"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .skipped: "skipped"
        case .cancelled: "cancelled"
        case .lost: "lost"
        case .expanded: "expanded"
        case .signalled: "signalled"
        case .decided: "decided"
        case .entered: "entered"
        case .reopened: "reopened"
        case .carried: "carried"
        }
    }

    public init?(text: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
        self = found
    }
}
