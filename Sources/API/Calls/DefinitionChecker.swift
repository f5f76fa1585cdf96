public import Workflows

/// Reads workflow definitions; composed from the parser, so that the edge knows only its results.
public protocol DefinitionChecker: Sendable {
    /// Reads one definition.
    ///
    /// - Parameters:
    ///   - source: YAML or JSON.
    ///   - fileName: what diagnostics call it.
    func check(_ source: [UInt8], fileName: String) -> CheckedDefinition
}

/// A definition that can be applied, or everything that is wrong with it.
public enum CheckedDefinition: Sendable {
    /// - Parameters:
    ///   - canonical: the definition's canonical JSON.
    ///   - plan: what that compiles to.
    case valid(name: String, canonical: [UInt8], plan: Plan)
    /// - Parameter rendered: the diagnostics as a terminal shows them.
    case invalid([DefinitionProblem], rendered: String)
}

/// One problem of a definition.
public struct DefinitionProblem: Sendable {
    public var path: String
    /// From 1.
    public var line: Int
    public var column: Int
    public var length: Int
    public var message: String
    public var hint: String?

    public init(path: String, line: Int, column: Int, length: Int, message: String, hint: String? = nil) {
        self.path = path
        self.line = line
        self.column = column
        self.length = length
        self.message = message
        self.hint = hint
    }
}
