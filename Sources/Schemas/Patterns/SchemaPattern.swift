import Patterns

extension SchemaPattern {
    /// Compiles a regular expression of ECMA-262 (with its flag `u`, as JSON Schema recommends).
    init(_ source: String) throws(ECMAPatternError) {
        self.source = source
        let translated = try ECMAPattern.translated(source)
        do {
            compiled = try Pattern(translated)
        } catch {
            throw ECMAPatternError(
                "the pattern \(source) cannot be used: \(error.message); patterns are matched by RE2, in linear time")
        }
    }
}

/// Why a regular expression is refused.
struct ECMAPatternError: Error {
    var description: String
    /// The expression is right by ECMA-262, but cannot be matched in linear time.
    var isUnsupported: Bool

    init(_ description: String, isUnsupported: Bool = false) {
        self.description = description
        self.isUnsupported = isUnsupported
    }
}
