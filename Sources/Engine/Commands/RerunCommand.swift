import Workflows

/// Repeat an ended run as a new one.
public struct RerunCommand: Sendable {
    public enum Scope: Sendable {
        case whole
        /// What has not succeeded, and all that comes after it.
        case failed
        /// A step and all that comes after it, with what has not succeeded; JSON text of its input instead of what the
        /// definition makes.
        case step(String, input: [UInt8]? = nil)
    }

    public var key: RunKey
    public var scope: Scope
    /// JSON text: the run's input; the old run's when `nil`.
    public var input: [UInt8]?
    public var idempotency: IdempotencyRecord?
    /// W3C `traceparent` of the request.
    public var traceparent: String?

    public init(
        key: RunKey, scope: Scope = .whole, input: [UInt8]? = nil, idempotency: IdempotencyRecord? = nil,
        traceparent: String? = nil
    ) {
        self.key = key
        self.scope = scope
        self.input = input
        self.idempotency = idempotency
        self.traceparent = traceparent
    }
}
