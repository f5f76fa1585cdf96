/// What one person has decided.
public struct ApprovalDecision: Hashable, Sendable {
    public enum Verdict: String, Sendable, CaseIterable {
        case approve
        case reject
        /// Somebody else shall decide instead.
        case delegate

        /// Those that decide something.
        public static let votes: [Verdict] = [.approve, .reject]
    }

    public var approver: String
    public var verdict: Verdict
    public var comment: String?
    /// To whom it is handed on.
    public var delegate: String?
    /// JSON text: the form as filled in.
    public var form: [UInt8]?

    /// Hands it on to somebody, who then may decide whatever their roles.
    public init(approver: String, delegate: String, comment: String? = nil) {
        self.init(approver: approver, verdict: .delegate, comment: comment)
        self.delegate = delegate
    }

    public init(approver: String, verdict: Verdict, comment: String? = nil, form: [UInt8]? = nil) {
        self.approver = approver
        self.verdict = verdict
        self.comment = comment
        self.form = form
    }
}
