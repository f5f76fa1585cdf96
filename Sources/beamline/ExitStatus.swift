/// What the exit status of a command says.
enum ExitStatus: Int32 {
    case succeeded = 0
    case failed = 1
    case invalid = 2
    case cancelled = 3
    case timedOut = 4
    case refused = 5
    case unreachable = 6

    /// The status of a command that waited for a run.
    init(runState: String) {
        switch runState {
        case "succeeded": self = .succeeded
        case "cancelled": self = .cancelled
        case "timed_out": self = .timedOut
        default: self = .failed
        }
    }
}
