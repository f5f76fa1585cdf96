/// What an expression is checked against: which names there are, and where they are looked up.
public struct ExpressionEnvironment: Sendable {
    /// The namespace in which names are looked up first, then in the ones around it: in `a.b`, the name `x` is `a.b.x`,
    /// else `a.x`, else `x`.
    public var container: String
    /// The names of all variables, which may have dots. `nil` when every name may be one: then the first part of a
    /// name is the variable.
    public var variables: Set<String>?
    /// Bytes of the longest text that is taken.
    public var maximumLength: Int
    /// A name or a function that there is none of fails where it is evaluated, as the language definition has it without
    /// a check before: `true || x` is `true`. Otherwise the expression is refused.
    public var defersUndeclared: Bool

    public init(
        container: String = "", variables: Set<String>? = nil, maximumLength: Int = Expression.maximumLength,
        defersUndeclared: Bool = false
    ) {
        self.container = container
        self.variables = variables
        self.maximumLength = maximumLength
        self.defersUndeclared = defersUndeclared
    }

    /// What a name may stand for, in the order of the search.
    func candidates(for name: String, isRooted: Bool) -> [String] {
        guard !isRooted, !container.isEmpty else { return [name] }
        var found: [String] = []
        var namespace = container.split(separator: ".")
        while !namespace.isEmpty {
            found.append(namespace.joined(separator: ".") + "." + name)
            namespace.removeLast()
        }
        found.append(name)
        return found
    }
}
