/// Why an event has no effect on a run: a benign race that the shell answers, never a defect.
public enum RunRejection: Error, Sendable, Equatable {
    /// The run has not started.
    case notStarted
    case alreadyStarted
    /// The run has ended already.
    case ended(RunLifecycle)
    /// The run runs its clean-up already.
    case stopping
    case alreadyPaused
    case notPaused
    /// The step is not live: it has ended, or waits for others.
    case stepNotLive(StepStatus)
    /// The step does not wait for this.
    case notWaiting
    /// There is no such step.
    case unknownStep
    /// The run has this signal already.
    case repeatedSignal
    case tooManySignals
    /// This person has decided already.
    case alreadyDecided
    /// Nobody can be handed an approval that they have decided, or have been handed, already.
    case invalidDelegate
    /// The time that it was told of has not come: it was told twice.
    case tooEarly
    /// The form does not match its schema.
    case invalidForm(String)
    /// Only what has ended can be reopened.
    case notEnded
    /// Only a run that has failed can be reopened.
    case notFailed(RunLifecycle)
    /// The run was reopened already.
    case reopened
    /// No step has failed that the run waits for.
    case nothingFailed
    /// The step's input cannot be given: it begins nothing, is no task, or has items.
    case noInput(step: Int32)
}
