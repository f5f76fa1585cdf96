/// Why bytes are no acceptable JSON, and where. Lines and columns count from 1; columns count Unicode scalars.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case invalidSyntax
        case invalidUTF8
        /// `\u0000` or a NUL byte.
        case nullCharacter
        case duplicateKey
        /// An integer beyond 64 bits, or a real beyond a double.
        case numberOutOfRange
        case endedEarly
        case tooDeep
        case tooLarge
        case outOfMemory
    }

    public var reason: Reason
    public var line: Int
    public var column: Int
    public var message: String

    public init(_ reason: Reason, line: Int, column: Int, message: String) {
        self.reason = reason
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "line \(line), column \(column): \(message)" }
}

/// What parsing accepts at most.
public struct JSONLimits: Sendable, Hashable {
    /// Bytes of the text.
    public var size: Int
    /// Arrays and objects within one another.
    public var depth: Int

    public init(size: Int = 16 << 20, depth: Int = 128) {
        self.size = size
        self.depth = depth
    }

    public static let standard = JSONLimits()
}
