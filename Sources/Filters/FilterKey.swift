/// A key that a filter may name: the caller's table of these is the whole vocabulary.
public struct FilterKey: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// One of a fixed list of words.
        case word([String])
        /// A text; `*` stands for any characters.
        case text
        /// A whole number.
        case number
        /// A length of time, such as `1h30m`; microseconds.
        case duration
        /// A date, a date and time, or a length of time before now; microseconds since 1970.
        case time
    }

    public var name: String
    public var kind: Kind
    /// A second name follows after a point: `label.team`.
    public var takesName: Bool
    /// The comparison that the key itself says, so that `since:2h` needs none.
    public var implied: FilterComparison?
    /// The property of a record that it looks at.
    public var property: String

    /// - Parameter property: The key's own name when left out.
    public init(
        _ name: String, _ kind: Kind, property: String? = nil, takesName: Bool = false,
        implied: FilterComparison? = nil
    ) {
        self.name = name
        self.kind = kind
        self.takesName = takesName
        self.implied = implied
        self.property = property ?? name
    }
}

/// How a value is compared.
public enum FilterComparison: String, Hashable, Sendable, CaseIterable {
    case less = "<"
    case atMost = "<="
    case more = ">"
    case atLeast = ">="
}
