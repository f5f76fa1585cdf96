import Workflows

/// An attempt leased to a session that is connected to this node.
struct HeldTask: Sendable {
    /// What the node itself has seen of it.
    enum Progress: Sendable, Equatable {
        /// Leased; the assignment is being put together.
        case leased
        /// A suspect: it is offered when its worker has nothing else.
        case waitsAlone
        /// Offered to the worker at this moment of the node's clock.
        case offered(Duration)
        /// The worker has said that it runs.
        case started(Timestamp)
    }

    var lease: LeasedTask
    var pool: String
    var name: TaskName?
    var progress = Progress.leased
    /// When the server ends the attempt itself, on the node's clock.
    var backstop: Duration?

    var startedAt: Timestamp? {
        switch progress {
        case .started(let at): at
        case .leased, .waitsAlone, .offered: nil
        }
    }
}

extension LeasedTask {
    var held: HeldAttempt { HeldAttempt(key: fence.key, step: fence.step, attempt: fence.attempt) }
}

extension AttemptFence {
    var held: HeldAttempt { HeldAttempt(key: key, step: step, attempt: attempt) }
}
