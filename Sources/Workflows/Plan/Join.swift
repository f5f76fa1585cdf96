/// How many of its needs must have ended well before a step runs.
public enum Join: Hashable, Sendable {
    case all
    case any
    case count(Int)

    /// Of so many needs.
    func wanted(of needs: Int) -> Int {
        switch self {
        case .all: needs
        case .any: min(1, needs)
        case .count(let count): min(count, needs)
        }
    }
}
