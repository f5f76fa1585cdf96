/// In which order a queue hands out the steps that wait in it. Raw values are the database's; `text` is the API's.
public enum QueueDiscipline: Int16, Sendable, CaseIterable {
    /// The oldest run first.
    case fifo = 1
    /// The newest run first.
    case lifo = 2
    /// The highest priority first; waiting raises a step, so that none waits for ever.
    case priority = 3
    /// The nearest deadline first.
    case deadline = 4

    public var text: String {
        switch self {
        case .fifo: "fifo"
        case .lifo: "lifo"
        case .priority: "priority"
        case .deadline: "deadline"
        }
    }

    public init?(text: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
        self = found
    }
}
