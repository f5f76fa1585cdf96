public import Workflows

/// Something that is done to many runs, one after the other: a job that survives the death of its server.
///
/// Which runs is fixed when the job is made.
public struct BulkJob: Sendable, Hashable {
    /// Raw values are the database's; `text` is the API's.
    public enum Action: Int16, Sendable, CaseIterable {
        case cancel = 1
        case pause = 2
        case resume = 3
        /// All of the run, as a new one.
        case rerun = 4
        /// What has not succeeded, as a new run.
        case rerunFailed = 5
        /// The run goes on in a new generation; found by its dead letters.
        case redrive = 6

        public var text: String {
            switch self {
            case .cancel: "cancel"
            case .pause: "pause"
            case .resume: "resume"
            case .rerun: "rerun"
            case .rerunFailed: "rerun_failed"
            case .redrive: "redrive"
            }
        }

        public init?(text: String) {
            guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
            self = found
        }

        /// States of runs to which it can be done.
        public var states: [RunLifecycle] {
            switch self {
            case .cancel: [.queued, .running, .paused]
            case .pause: [.running]
            case .resume: [.paused]
            case .rerun: RunLifecycle.allCases.filter(\.isEnded)
            case .rerunFailed: [.failed, .cancelled, .timedOut]
            case .redrive: [.failed]
            }
        }
    }

    public enum State: Int16, Sendable, CaseIterable {
        case running = 1
        case done = 2
        case cancelled = 3

        public var text: String {
            switch self {
            case .running: "running"
            case .done: "done"
            case .cancelled: "cancelled"
            }
        }
    }

    /// What became of a run.
    public enum Outcome: Int16, Sendable, CaseIterable {
        case done = 1
        /// It was so already, or could not be done any more.
        case unchanged = 2
        case failed = 3

        public var text: String {
            switch self {
            case .done: "done"
            case .unchanged: "unchanged"
            case .failed: "failed"
            }
        }
    }

    /// What is asked for.
    public struct Order: Sendable, Hashable {
        public var action: Action
        /// As it was written, in the filter language.
        public var filter: String
        /// Runs a second at most; `nil`: as fast as may be.
        public var rate: Int32?
        /// Of redrives: runs that were redriven so often are left out.
        public var mostReplays: Int32
        public var reason: String?
        public var by: String

        public init(
            action: Action, filter: String, rate: Int32? = nil, mostReplays: Int32 = Engine.mostReplays,
            reason: String? = nil, by: String
        ) {
            self.action = action
            self.filter = filter
            self.rate = rate
            self.mostReplays = mostReplays
            self.reason = reason
            self.by = by
        }
    }

    public var id: RunID.Bytes
    public var tenant: TenantID
    public var order: Order
    public var state: State
    public var total: Int32
    /// Runs that were dealt with, and of those the unchanged and failed ones.
    public var dealtWith: Int32
    public var unchanged: Int32
    public var failed: Int32
    public var createdAt: Timestamp
    public var endedAt: Timestamp?
    public var cancelledBy: String?

    public init(
        id: RunID.Bytes, tenant: TenantID, order: Order, state: State = .running, total: Int32, dealtWith: Int32 = 0,
        unchanged: Int32 = 0, failed: Int32 = 0, createdAt: Timestamp, endedAt: Timestamp? = nil,
        cancelledBy: String? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.order = order
        self.state = state
        self.total = total
        self.dealtWith = dealtWith
        self.unchanged = unchanged
        self.failed = failed
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.cancelledBy = cancelledBy
    }

    /// Runs in one job at most.
    public static let mostRuns = 100_000
}
