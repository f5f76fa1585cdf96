import Protobuf

extension BeamlineV1.TaskRef {
    /// The attempt's name alone: all that the server needs in what a worker says of it.
    var name: Self { Self(runID: runID, stepID: stepID, attempt: attempt) }
}

/// Names an attempt within a worker.
struct AttemptKey: Hashable, Sendable {
    var run: String
    var step: String
    var attempt: Int32

    init(_ task: BeamlineV1.TaskRef) {
        run = task.runID
        step = task.stepID
        attempt = task.attempt
    }
}
