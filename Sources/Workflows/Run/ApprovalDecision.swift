/// What one person has decided.
public struct ApprovalDecision: Hashable, Sendable {
    public enum Verdict: String, Sendable, CaseIterable {
        case approve
        case reject
    }

    public var approver: String
    public var verdict: Verdict
    public var comment: String?
    /// JSON text: the form as filled in.
    public var form: [UInt8]?

    public init(approver: String, verdict: Verdict, comment: String? = nil, form: [UInt8]? = nil) {
        self.approver = approver
        self.verdict = verdict
        self.comment = comment
        self.form = form
    }
}
