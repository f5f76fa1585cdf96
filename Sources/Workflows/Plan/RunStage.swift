/// The parts of a run, one after the other.
public enum RunStage: String, Sendable, CaseIterable {
    case setup
    case main
    case finally
}
