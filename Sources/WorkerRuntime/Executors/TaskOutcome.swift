/// How an execution ended.
public struct TaskOutcome: Sendable {
    /// What the server is told.
    public enum Result: Sendable, Equatable {
        /// JSON text: the step's output.
        case success([UInt8])
        case failure(TaskFailure)
    }

    public var result: Result
    public var usage: TaskUsage

    public init(_ result: Result, usage: TaskUsage = TaskUsage()) {
        self.result = result
        self.usage = usage
    }

    public static func success(_ output: [UInt8], usage: TaskUsage = TaskUsage()) -> Self {
        Self(.success(output), usage: usage)
    }

    public static func failure(_ failure: TaskFailure, usage: TaskUsage = TaskUsage()) -> Self {
        Self(.failure(failure), usage: usage)
    }
}

/// What an attempt used.
public struct TaskUsage: Sendable, Equatable {
    public var cpu = Duration.zero
    /// Bytes; the largest resident set of a single process. 0 when it is not known.
    public var peakMemory: Int64 = 0
    public var duration = Duration.zero

    public init() {}
}

/// Why an attempt failed.
public struct TaskFailure: Error, Sendable, Equatable {
    /// The closed set that workflows match on.
    public enum Kind: String, Sendable {
        case error
        case timeout
        case cancelled
        /// The task's input is wrong: trying again cannot help.
        case invalid
        /// A limit of the worker or the step.
        case resource
    }

    public var kind: Kind
    /// Stable, for programs; empty if there is none.
    public var code: String
    public var message: String
    public var retryable: Bool

    public init(_ kind: Kind, code: String = "", message: String, retryable: Bool) {
        self.kind = kind
        self.code = code
        self.message = message
        self.retryable = retryable
    }

    static func invalid(_ message: String) -> Self {
        Self(.invalid, code: "invalid_input", message: message, retryable: false)
    }

    static func stopped() -> Self {
        Self(.cancelled, code: "stopped", message: "the attempt was stopped", retryable: true)
    }
}
