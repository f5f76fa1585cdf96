import Patterns

/// A regular expression of ECMA-262 as its author wrote it (with its flag `u`, as JSON Schema recommends), and what
/// matches by it: RE2 where it can, in linear time; else a search that goes back, in bounded time.
struct SchemaPattern: Sendable {
    private enum Matcher: Sendable {
        case linear(Pattern)
        case backtracking(ECMAProgram)
    }

    let source: String
    private let matcher: Matcher

    /// Steps of a search that goes back which cost one operation of an evaluation.
    private static let stepsPerOperation = 4

    init(_ source: String) throws(ECMAPatternError) {
        self.source = source
        let pattern = try ECMAPattern(source)
        if let written = pattern.root.writtenForRE2(), let compiled = try? Pattern(written) {
            matcher = .linear(compiled)
        } else {
            matcher = .backtracking(try ECMAProgram(pattern, source: source))
        }
    }

    /// Whether it matches anywhere in a text; `nil` when the operations do not suffice to tell.
    func matches(_ text: String, operations: inout Int) -> Bool? {
        switch matcher {
        case .linear(let pattern):
            operations -= text.utf8.count / 16
            return pattern.matches(text)
        case .backtracking(let program):
            let (steps, overflow) = max(0, operations).multipliedReportingOverflow(by: Self.stepsPerOperation)
            var search = ECMAMatcher(program, text, steps: overflow ? .max : steps)
            let verdict = search.matches()
            operations -= (overflow ? .max : steps) / Self.stepsPerOperation - search.stepsLeft / Self.stepsPerOperation
            return verdict
        }
    }
}

/// Why a regular expression is refused.
struct ECMAPatternError: Error {
    var description: String

    init(_ description: String) { self.description = description }
}
