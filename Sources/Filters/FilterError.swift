/// What is wrong with a filter: every problem at once, in the order of the text.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        /// Unicode scalars of the filter before the faulty part.
        public var offset: Int
        /// Unicode scalars of the faulty part.
        public var length: Int
        public var message: String
        /// What to do about it: `did you mean "state"?`.
        public var hint: String?

        public init(offset: Int, length: Int, message: String, hint: String? = nil) {
            self.offset = offset
            self.length = length
            self.message = message
            self.hint = hint
        }

        public var description: String {
            "at character \(offset + 1): \(message)" + (hint.map { "; \($0)" } ?? "")
        }
    }

    public var problems: [Problem]

    public init(problems: [Problem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
