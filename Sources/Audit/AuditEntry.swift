/// A record that is written by itself, or beside the rows of a run.
public struct AuditEntry: Sendable {
    public enum Outcome: String, Sendable, CaseIterable {
        case done
        case refused
    }

    public var context: AuditContext
    /// Whose log it stands in.
    public var tenant: Int32
    /// What was done: `run.cancel`; of what was refused the permission that was wanted.
    public var action: String
    /// The thing's name.
    public var name: String?
    public var outcome: Outcome
    /// JSON text.
    public var before: String?
    public var after: String?
    /// How often.
    public var times: Int32

    public init(
        context: AuditContext, tenant: Int32? = nil, action: String, name: String? = nil, outcome: Outcome = .done,
        before: String? = nil, after: String? = nil, times: Int32 = 1
    ) {
        self.context = context
        self.tenant = tenant ?? context.tenant
        self.action = action
        self.name = name
        self.outcome = outcome
        self.before = before
        self.after = after
        self.times = times
    }
}
