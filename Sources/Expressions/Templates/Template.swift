public import JSON

/// JSON with expressions in its strings. A string that is one `${{ … }}` becomes the expression's value and keeps its
/// type; in other strings each `${{ … }}` becomes text. `$${{` stands for the characters `${{`.
///
/// A template without expressions is written to bytes when it is compiled, and evaluating it costs nothing.
public struct Template: Sendable {
    indirect enum Node: Sendable {
        /// JSON text.
        case constant([UInt8])
        case value(Expression)
        case text([Piece])
        case array([Node])
        /// Keys as JSON text with their colons.
        case object([(key: [UInt8], node: Node)])
    }

    enum Piece: Sendable {
        case literal(String)
        case hole(Expression)
    }

    /// One `${{ … }}` of a template and where it stands.
    public struct Hole: Sendable {
        public var path: [PathSegment]
        /// Counts the `${{` of its string, from 0.
        public var index: Int
        public var expression: Expression
    }

    /// A step from a JSON value into one of its parts.
    public enum PathSegment: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    /// An expression of a template that does not parse.
    public struct Problem: Error, Hashable, Sendable {
        public var path: [PathSegment]
        /// Counts the `${{` of its string, from 0.
        public var index: Int
        public var error: ExpressionError
    }

    let root: Node
    /// Every expression, in the order of the template.
    public let holes: [Hole]

    /// The template's value as JSON text, when it has no expressions.
    public var constant: [UInt8]? {
        guard case .constant(let bytes) = root else { return nil }
        return bytes
    }

    /// Compiles a value; every expression that does not parse is reported.
    public static func compile(_ value: JSONValue) -> (template: Template?, problems: [Problem]) {
        var compiler = TemplateCompiler()
        let root = compiler.node(value)
        guard compiler.problems.isEmpty else { return (nil, compiler.problems) }
        return (Template(root: root, holes: compiler.holes), [])
    }

    /// Compiles a value, and throws the first problem.
    public init(_ value: JSONValue) throws(Problem) {
        let (template, problems) = Self.compile(value)
        guard let template else {
            throw problems.first ?? Problem(path: [], index: 0, error: ExpressionError(.syntax, "not a template"))
        }
        self = template
    }

    private init(root: Node, holes: [Hole]) {
        self.root = root
        self.holes = holes
    }

    /// The template's value as JSON text.
    public func evaluate(
        in scope: some ExpressionScope, budget: inout EvaluationBudget
    ) throws(ExpressionError) -> [UInt8] {
        if let constant { return constant }
        var writer = JSONWriter()
        try write(root, to: &writer, scope: scope, budget: &budget)
        return writer.bytes
    }

    public func evaluate(in scope: some ExpressionScope) throws(ExpressionError) -> [UInt8] {
        var budget = EvaluationBudget()
        return try evaluate(in: scope, budget: &budget)
    }

    private func write(
        _ node: Node, to writer: inout JSONWriter, scope: some ExpressionScope, budget: inout EvaluationBudget
    ) throws(ExpressionError) {
        switch node {
        case .constant(let bytes): writer.raw(bytes)
        case .value(let expression):
            if let reference = expression.soleReference, let text = scope.text(of: reference) {
                writer.raw(text)
                return
            }
            let value = try expression.evaluate(in: scope, budget: &budget)
            guard value.isWritable else {
                throw ExpressionError(.overflow, "\(expression.source) is no finite number, which JSON cannot say")
            }
            writer.value(value)
        case .text(let pieces):
            var text = ""
            for piece in pieces {
                switch piece {
                case .literal(let literal): text += literal
                case .hole(let expression):
                    let value = try expression.evaluate(in: scope, budget: &budget)
                    text += value.scalarText ?? value.text()
                }
            }
            writer.string(text)
        case .array(let nodes):
            writer.raw("[")
            for (index, node) in nodes.enumerated() {
                if index > 0 { writer.raw(",") }
                try write(node, to: &writer, scope: scope, budget: &budget)
            }
            writer.raw("]")
        case .object(let members):
            writer.raw("{")
            for (index, member) in members.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.raw(member.key)
                try write(member.node, to: &writer, scope: scope, budget: &budget)
            }
            writer.raw("}")
        }
    }
}

extension JSONValue {
    /// No number in it is infinite or NaN.
    fileprivate var isWritable: Bool {
        switch self {
        case .double(let number): number.isFinite
        case .array(let elements): elements.allSatisfy(\.isWritable)
        case .object(let object): object.allSatisfy { $0.value.isWritable }
        case .null, .bool, .int, .string: true
        }
    }
}
