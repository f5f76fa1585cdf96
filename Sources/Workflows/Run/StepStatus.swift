/// What a run's fold knows of a step. Whether a live step is ready, running or scheduled is told by its token alone, so
/// that moving a token never touches the run.
public enum StepStatus: Sendable, Hashable {
    /// Waits for so many of the steps that it needs.
    case pending(missing: Int32)
    /// Has a token; so many attempts have failed or timed out.
    case live(failures: Int32)
    case succeeded
    case failed
    case skipped
    case cancelled

    public var isEnded: Bool {
        switch self {
        case .pending, .live: false
        case .succeeded, .failed, .skipped, .cancelled: true
        }
    }
}
