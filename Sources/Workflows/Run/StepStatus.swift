/// What a run's fold knows of a step. Whether a live step is ready, running, scheduled, waiting or held is told by its
/// token alone, so that moving a token never touches the run.
public enum StepStatus: Sendable, Hashable {
    /// So many of its needs must still end well, and so many more than those may still end badly.
    case pending(missing: Int32, spare: Int32 = 0)
    /// Has a token; so many attempts have failed or timed out.
    case live(failures: Int32)
    /// Has no token: its items, or the steps of a handler, are live or pending for it.
    case open
    case succeeded
    case failed
    case skipped
    case cancelled

    public var isEnded: Bool {
        switch self {
        case .pending, .live, .open: false
        case .succeeded, .failed, .skipped, .cancelled: true
        }
    }
}
