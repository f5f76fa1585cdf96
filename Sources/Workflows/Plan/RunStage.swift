/// The parts of a run, one after the other.
public enum RunStage: String, Sendable, CaseIterable, Comparable {
    case setup
    case main
    case finally

    private var position: Int {
        switch self {
        case .setup: 0
        case .main: 1
        case .finally: 2
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.position < right.position }
}
