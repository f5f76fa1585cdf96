/// Why an attempt or a run failed.
public struct StepFailure: Hashable, Sendable {
    /// The closed set that handlers and retry rules match on. `text` is stable.
    public enum Kind: Int16, Sendable, CaseIterable {
        case error = 1
        case timeout = 2
        case cancelled = 3
        case lost = 4
        /// Bad input or definition: trying again cannot help.
        case invalid = 5
        case resource = 6

        public var text: String {
            switch self {
            case .error: "error"
            case .timeout: "timeout"
            case .cancelled: "cancelled"
            case .lost: "lost"
            case .invalid: "invalid"
            case .resource: "resource"
            }
        }

        public init?(text: some StringProtocol) {
            guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
            self = found
        }
    }

    public var kind: Kind
    /// Stable, for programs, such as `exit_3`; empty when there is none.
    public var code: String
    public var message: String
    public var retryable: Bool
    /// The id of the step that failed, on the failure of a run.
    public var step: String?

    public init(kind: Kind, code: String = "", message: String, retryable: Bool, step: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.retryable = retryable
        self.step = step
    }
}
