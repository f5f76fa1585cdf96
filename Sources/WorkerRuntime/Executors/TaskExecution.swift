public import Protobuf
import Secrets

/// One attempt, as an executor sees it.
public struct TaskExecution: Sendable {
    /// What the server sent.
    public let assignment: BeamlineV1.Assign
    /// Which attempt it is.
    public let task: BeamlineV1.TaskRef
    /// The worker's session, as text.
    public let session: String
    /// Raised when it shall end early.
    public let stop: StopSignal
    public let log: TaskLog
    /// When its time is over by the limits of the step; the task's own time-out may be earlier.
    public let deadline: ContinuousClock.Instant?
    /// Between asking it to stop and forcing it.
    public let grace: Duration
    let outlet: any LogOutlet
    /// Takes the task's secrets out of what is said of it; `nil` when it has none.
    var mask: SecretMask?

    /// - Parameter fraction: 0 to 1.
    public func progress(_ fraction: Double, _ message: String = "") {
        outlet.emit(
            BeamlineV1.Progress(
                task: task.name, fraction: min(1, max(0, fraction)),
                message: mask?.masked(message) ?? message))
    }

    /// The earlier of the step's deadline and `timeout` from now.
    func deadline(timeout: Duration?) -> ContinuousClock.Instant? {
        guard let timeout else { return deadline }
        let own = ContinuousClock.now + timeout
        return deadline.map { min($0, own) } ?? own
    }
}
