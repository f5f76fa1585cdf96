/// A name that an expression reads from its scope, with the constant part of its path: `steps.fetch.output.lines` is the
/// root `steps` with the path `fetch`, `output`, `lines`; so is `steps["fetch"].output.lines`.
public struct Reference: Hashable, Sendable {
    public var root: String
    public var path: [String]
    /// Where it stands in the expression, as in `ExpressionError`.
    public var line: Int
    public var column: Int
    public var length: Int
    /// Places of the path's segments: column and length, in the reference's line where they are positive.
    public var segments: [Segment]

    /// Where one segment of the path stands.
    public struct Segment: Hashable, Sendable {
        public var line: Int
        public var column: Int
        public var length: Int
    }

    /// An index that is computed follows the path.
    public var isComputed: Bool

    var place: Place { Place(line: Int32(line), column: Int32(column), length: Int32(length)) }
}
