/// What a step's token in `waits` waits for. Raw values are the database's.
public struct WaitRequest: Hashable, Sendable {
    public enum Kind: Int16, Sendable, CaseIterable {
        case time = 1
        case signal = 2
        case approval = 3
        case child = 4
        /// The answer to a question for another step's outcome.
        case outcome = 5

        public var text: String {
            switch self {
            case .time: "time"
            case .signal: "signal"
            case .approval: "approval"
            case .child: "child"
            case .outcome: "outcome"
            }
        }

        init?(text: String) {
            guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
            self = found
        }
    }

    public var kind: Kind
    /// The signal's name, the child's id, what an approver is shown, the key of an outcome, or the time that is waited for.
    public var subject: String
    /// Of an approval: when it has begun, and how many of its stages have passed (`ApprovalRule.stages`).
    public var since: Timestamp?
    public var passed = 0

    public init(kind: Kind, subject: String, since: Timestamp? = nil) {
        self.kind = kind
        self.subject = subject
        self.since = since
    }
}
