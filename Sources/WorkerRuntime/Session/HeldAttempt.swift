import Protobuf

/// An attempt that the worker has been given and not yet got rid of.
struct HeldAttempt: Sendable {
    enum Progress: Sendable {
        /// Given, and waiting for a slot.
        case waiting(BeamlineV1.Assign)
        /// Its execution runs.
        case running
        /// Its execution has been told to stop, and its outcome counts for nobody.
        case abandoned
        /// Its outcome waits for the server's answer.
        case ended(BeamlineV1.WorkerMessage.Kind, order: UInt64, size: Int, sentAt: ContinuousClock.Instant?)
    }

    /// Its name.
    var task: BeamlineV1.TaskRef
    var pool: String
    var progress: Progress

    /// Whether the server still thinks that this worker has it.
    var counts: Bool {
        switch progress {
        case .waiting, .running, .ended: true
        case .abandoned: false
        }
    }
}
