/// Why a supervisor gave up.
public enum SupervisorError: Error, Equatable, CustomStringConvertible {
    /// A child failed more often than the intensity allows.
    case intensityExceeded(supervisor: String, child: String, lastError: String)

    public var description: String {
        switch self {
        case .intensityExceeded(let supervisor, let child, let lastError):
            "\(supervisor) gave up: \(child) failed too often, at last with: \(lastError)"
        }
    }
}
