/// Why an event has no effect on a run: a benign race that the shell answers, never a defect.
public enum RunRejection: Error, Sendable, Equatable {
    /// The run has not started.
    case notStarted
    case alreadyStarted
    /// The run has ended already.
    case ended(RunLifecycle)
    /// The step is not live: it has ended, or waits for others.
    case stepNotLive(StepStatus)
    /// There is no such step.
    case unknownStep
}
