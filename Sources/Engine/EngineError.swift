import Workflows

/// Why the engine refused a command. The code is stable; the message names the place and, where there is one, the remedy.
public struct EngineError: Error, Sendable, Hashable {
    /// Stable over releases; programs compare it.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public static let workflowNotFound = Self(rawValue: "workflow_not_found")
        public static let runNotFound = Self(rawValue: "run_not_found")
        /// The run has ended already: it cannot be cancelled.
        public static let runEnded = Self(rawValue: "run_ended")
        public static let invalidInput = Self(rawValue: "invalid_input")
        public static let invalidDefinition = Self(rawValue: "invalid_definition")
        public static let idempotencyKeyReused = Self(rawValue: "idempotency_key_reused")
        /// Too many commands wait in this node.
        public static let overloaded = Self(rawValue: "overloaded")
        /// The database did not answer before the command's deadline; nothing was written.
        public static let unavailable = Self(rawValue: "unavailable")
        /// The database refused the data.
        public static let refused = Self(rawValue: "refused")
        /// The run or its step is in no state to take the command.
        public static let conflict = Self(rawValue: "conflict")
        /// The caller may not do this.
        public static let forbidden = Self(rawValue: "forbidden")
        public static let stepNotFound = Self(rawValue: "step_not_found")
        /// The run's limit is full, and its definition says not to wait.
        public static let concurrencyLimit = Self(rawValue: "concurrency_limit")
        /// The run's throttle has no start left, and its definition says not to wait.
        public static let throttled = Self(rawValue: "throttled")
        /// The workflow's queue takes no new runs.
        public static let queueDraining = Self(rawValue: "queue_draining")
        /// A quota of the tenant is used up: `EngineError.quota`.
        public static let quotaExceeded = Self(rawValue: "quota_exceeded")
        public static let workerRefused = Self(rawValue: "worker_refused")
    }

    public var code: Code
    public var message: String
    /// When to try again, for `overloaded`, `throttled`, `quota_exceeded` and `unavailable`.
    public var retryAfter: Duration?
    /// Which one, for `quota_exceeded`.
    public var quota: QuotaKind?

    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension EngineError {
    /// What the caller is told when a run takes no notice of a command.
    init(_ rejection: RunRejection) {
        switch rejection {
        case .ended: self.init(.runEnded, "the run has ended already")
        case .notStarted: self.init(.conflict, "the run has not started yet")
        case .alreadyStarted: self.init(.conflict, "the run has started already")
        case .stopping: self.init(.conflict, "the run is being stopped: its clean-up runs")
        case .alreadyPaused: self.init(.conflict, "the run is paused already")
        case .notPaused: self.init(.conflict, "the run is not paused")
        case .stepNotLive: self.init(.conflict, "the step has ended, or waits for others")
        case .notWaiting: self.init(.conflict, "the step does not wait for this")
        case .unknownStep: self.init(.stepNotFound, "the run has no such step")
        case .repeatedSignal: self.init(.conflict, "the run has this signal already")
        case .tooManySignals:
            self.init(.conflict, "the run keeps \(RunSignal.mostKept) signals that no step has waited for, and no more")
        case .alreadyDecided: self.init(.conflict, "this person has decided already")
        case .invalidDelegate:
            self.init(.conflict, "this person has decided already, or has been asked to")
        case .tooEarly: self.init(.conflict, "its time has not come")
        case .invalidForm(let message): self.init(.invalidInput, "the form: \(message)")
        case .notEnded: self.init(.conflict, "the run goes on still: only a run that has failed can be redriven")
        case .notFailed(let state):
            self.init(
                .conflict,
                "the run has ended as \(state.text): only one that has failed can be redriven; rerun it instead")
        case .reopened: self.init(.conflict, "the run was redriven already")
        case .nothingFailed:
            self.init(.conflict, "no step has failed that the run waits for; rerun the run instead")
        case .noInput(let step):
            self.init(
                .invalidInput,
                "step \(step) takes no edited input: it does not begin now, is no task, or has items (name the item)")
        }
    }

    static func unavailable(_ error: StoreError) -> Self {
        if let quota = error.quota { return Self(over: quota, limit: nil) }
        return switch error {
        case .unavailable(let retryAfter, _):
            Self(.unavailable, "the database does not answer", retryAfter: max(retryAfter, .seconds(1)))
        case .refused(let code, _):
            Self(.refused, "the database refused the command (\(code))")
        }
    }
}
