import Protobuf

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
