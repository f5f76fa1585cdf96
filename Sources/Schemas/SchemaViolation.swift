/// One thing that is wrong with an instance.
public struct SchemaViolation: Hashable, Sendable, CustomStringConvertible {
    /// JSON pointer (RFC 6901) of the part of the instance; empty for the whole.
    public var instance: String
    /// The keyword that refuses it: `#/properties/name/type`, with a URI before it where the keyword stands in another
    /// document than the schema's own.
    public var keyword: String
    /// What is wrong and what would be right, for people.
    public var message: String

    public init(instance: String, keyword: String, message: String) {
        self.instance = instance
        self.keyword = keyword
        self.message = message
    }

    /// The keys and indices that lead to the part of the instance.
    public var instancePath: [String] { JSONPointer.tokens(instance) ?? [] }

    /// The pointer to a member of the instance.
    public static func pointer(to member: String) -> String { JSONPointer.appending(member, to: "") }

    public var description: String { "\(instance.isEmpty ? "the value" : instance): \(message) (\(keyword))" }
}

/// What an evaluation may take at most.
public struct EvaluationLimits: Hashable, Sendable {
    /// Checks of one keyword or of one member or element; for each value within the instance there are more.
    public var operations: Int
    public var operationsPerValue: Int
    /// Schemas within one another, references counted.
    public var depth: Int
    /// Bytes of the thread's stack. Threads have 8 MiB here.
    public var stack: Int
    /// Violations that are reported.
    public var violations: Int

    public init(
        operations: Int = 2_000_000, operationsPerValue: Int = 100, depth: Int = 1200, stack: Int = 4 << 20,
        violations: Int = 100
    ) {
        self.operations = operations
        self.operationsPerValue = operationsPerValue
        self.depth = depth
        self.stack = stack
        self.violations = violations
    }

    public static let standard = EvaluationLimits()
}

/// Why an evaluation ended without an answer.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For programs; stable.
    public enum Code: String, Hashable, Sendable {
        /// The schema asks for more operations than the limit.
        case tooExpensive = "too_expensive"
        case tooDeep = "too_deep"
        /// References lead back to where they began without looking at a part of the instance.
        case endlessReference = "endless_reference"
    }

    public var code: Code
    /// The keyword at which it ended.
    public var keyword: String
    /// JSON pointer of the part of the instance that was looked at.
    public var instance: String
    public var message: String

    public init(_ code: Code, keyword: String, instance: String, message: String) {
        self.code = code
        self.keyword = keyword
        self.instance = instance
        self.message = message
    }

    public var description: String { "\(keyword): \(message)" }
}
