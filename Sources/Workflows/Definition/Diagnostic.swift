/// One problem of a definition and its place. Lines and columns count from 1; columns count Unicode scalars.
public struct Diagnostic: Hashable, Sendable {
    /// The file's name as the user gave it.
    public var path: String
    public var line: Int
    public var column: Int
    /// Unicode scalars that the place spans in its line; at least 1.
    public var length: Int
    public var message: String
    /// What to do about it: `did you mean "greet"?`.
    public var hint: String?

    public init(path: String, line: Int, column: Int, length: Int = 1, message: String, hint: String? = nil) {
        self.path = path
        self.line = line
        self.column = column
        self.length = max(1, length)
        self.message = message
        self.hint = hint
    }
}

/// Why a definition is refused: every problem at once, in the order of the text.
public struct DefinitionError: Error, Hashable, Sendable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]
    /// The problems as a terminal shows them, each with the line it stands in.
    var listed: String

    /// The problems as a terminal shows them, and how many they are.
    public var rendered: String {
        let count = diagnostics.count
        return listed + "\(count) error\(count == 1 ? "" : "s"); nothing applied.\n"
    }

    public var description: String { rendered }
}
