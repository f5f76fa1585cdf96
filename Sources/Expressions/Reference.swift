/// A name that an expression reads from its scope, with the constant part of its path: `steps.fetch.output.lines` is the
/// root `steps` with the path `fetch`, `output`, `lines`; so is `steps["fetch"].output.lines`.
public struct Reference: Hashable, Sendable {
    /// The name of a variable. It has dots where the environment declares such a variable.
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

    init(root: String, at place: Place) {
        self.root = root
        path = []
        line = Int(place.line)
        column = Int(place.column)
        length = Int(place.length)
        segments = []
        isComputed = false
    }

    mutating func extend(by name: String, at place: Place) {
        path.append(name)
        segments.append(Segment(line: Int(place.line), column: Int(place.column), length: Int(place.length)))
        length = Int(self.place.through(place).length)
    }

    var place: Place { Place(line: Int32(line), column: Int32(column), length: Int32(length)) }

    /// As a person writes it.
    var name: String { ([root] + path).joined(separator: ".") }

    func place(of segment: Int) -> Place {
        guard segments.indices.contains(segment) else { return place }
        let found = segments[segment]
        return Place(line: Int32(found.line), column: Int32(found.column), length: Int32(found.length))
    }
}
