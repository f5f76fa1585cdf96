public import JSON

/// Why an attempt or a run failed; of a skipped step, why it was skipped.
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
        /// An expression failed on the values that it met.
        case expression = 7
        /// The step did not run: `code` is `condition_false` or `upstream_failed`.
        case skipped = 8
        /// Its attempts have taken their workers down with them.
        case quarantined = 9

        public var text: String {
            switch self {
            case .error: "error"
            case .timeout: "timeout"
            case .cancelled: "cancelled"
            case .lost: "lost"
            case .invalid: "invalid"
            case .resource: "resource"
            case .expression: "expression"
            case .skipped: "skipped"
            case .quarantined: "quarantined"
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

extension StepFailure {
    /// The failure as it is stored.
    public var json: JSONValue {
        var members: [(String, JSONValue)] = [("kind", .string(kind.text)), ("message", .string(message))]
        if !code.isEmpty { members.append(("code", .string(code))) }
        if let step { members.append(("step", .string(step))) }
        members.append(("retryable", .bool(retryable)))
        return .object(members)
    }

    /// Reads what `json` wrote; `nil` for anything else.
    public init?(_ value: JSONValue) {
        guard let kind = value["kind"]?.stringValue.flatMap({ Kind(text: $0) }),
            let message = value["message"]?.stringValue
        else { return nil }
        self.init(
            kind: kind, code: value["code"]?.stringValue ?? "", message: message,
            retryable: value["retryable"]?.boolValue ?? false, step: value["step"]?.stringValue)
    }
}
