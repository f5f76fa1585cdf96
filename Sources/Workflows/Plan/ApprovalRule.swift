public import Expressions

/// `uses: approval`.
public struct ApprovalRule: Sendable {
    /// Who may decide; empty: everybody who may approve at all.
    public var roles: [String]
    /// How many different people must approve. One refusal is enough to refuse.
    public var quorum: Int
    public var timeout: Duration?
    public var onTimeout: TimeoutAction
    /// What an approver fills in.
    public var form: InputSchema?
    /// What an approver is shown.
    public var message: Template?

    public init(
        roles: [String] = [], quorum: Int = 1, timeout: Duration? = nil, onTimeout: TimeoutAction = .fail,
        form: InputSchema? = nil, message: Template? = nil
    ) {
        self.roles = roles
        self.quorum = quorum
        self.timeout = timeout
        self.onTimeout = onTimeout
        self.form = form
        self.message = message
    }
}
