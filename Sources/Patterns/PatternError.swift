/// Why a pattern is refused.
public struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in libre2's words.
    public var message: String
    /// UTF-8 bytes of the pattern before its faulty part, where libre2 names that.
    public var offset: Int?
    /// UTF-8 bytes of the faulty part.
    public var length: Int

    public init(_ message: String, offset: Int? = nil, length: Int = 0) {
        self.message = message
        self.offset = offset
        self.length = length
    }

    public var description: String {
        offset.map { "the pattern is wrong at byte \($0): \(message)" } ?? "the pattern is wrong: \(message)"
    }
}
