public import Expressions

/// `uses: approval`.
public struct ApprovalRule: Sendable {
    /// Who may decide; empty: everybody who may approve at all.
    public var roles: [String]
    /// How many different people must approve. One refusal is enough to refuse.
    public var quorum: Int
    public var timeout: Duration?
    public var onTimeout: TimeoutAction
    /// Those who may decide are reminded whenever so much time has passed.
    public var reminder: Duration?
    /// Others may decide too after a time.
    public var escalation: Escalation?
    /// What an approver fills in.
    public var form: InputSchema?
    /// What an approver is shown.
    public var message: Template?

    /// Who may decide too, and from when on.
    public struct Escalation: Hashable, Sendable {
        public var after: Duration
        public var roles: [String]

        public init(after: Duration, roles: [String]) {
            self.after = after
            self.roles = roles
        }
    }

    /// What the time brings, one after the other.
    public enum Stage: String, Sendable {
        case escalation
        case reminder
        case timeout
    }

    /// An approval reminds so often at most.
    public static let mostReminders = 100

    public init(
        roles: [String] = [], quorum: Int = 1, timeout: Duration? = nil, onTimeout: TimeoutAction = .fail,
        reminder: Duration? = nil, escalation: Escalation? = nil, form: InputSchema? = nil, message: Template? = nil
    ) {
        self.roles = roles
        self.quorum = quorum
        self.timeout = timeout
        self.onTimeout = onTimeout
        self.reminder = reminder
        self.escalation = escalation
        self.form = form
        self.message = message
    }

    /// What happens how long after the step has begun to wait, in order; nothing after the timeout.
    public var stages: [(after: Duration, stage: Stage)] {
        var stages: [(after: Duration, stage: Stage)] = []
        if let reminder, reminder > .zero {
            for count in 1...Self.mostReminders {
                let after = reminder * count
                if let timeout, after >= timeout { break }
                stages.append((after, .reminder))
            }
        }
        if let escalation, timeout.map({ escalation.after < $0 }) ?? true {
            // Before a reminder of the same time: it tells the new people too.
            let place = stages.firstIndex { $0.after >= escalation.after } ?? stages.count
            stages.insert((escalation.after, .escalation), at: place)
        }
        if let timeout { stages.append((timeout, .timeout)) }
        return stages
    }

    /// Who may decide when so many stages have passed.
    public func roles(passed: Int) -> [String] {
        guard let escalation, isEscalated(passed: passed) else { return roles }
        return roles + escalation.roles.filter { !roles.contains($0) }
    }

    public func isEscalated(passed: Int) -> Bool {
        escalation != nil && stages.prefix(passed).contains { $0.stage == .escalation }
    }

    /// How often those who may decide were reminded.
    public func reminders(passed: Int) -> Int { stages.prefix(passed).count { $0.stage == .reminder } }
}
