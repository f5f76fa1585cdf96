import Patterns

/// An expression that was checked: names are resolved, macros are loops, functions are known.
indirect enum Node: Sendable {
    case literal(Value)
    /// A variable of a macro, by its position on the evaluator's stack.
    case local(Int)
    case reference(Reference)
    /// What is not declared, where the environment defers that.
    case failure(ExpressionError)
    case select(Node, String, isOptional: Bool, Place)
    case index(Node, Node, isOptional: Bool, Place)
    /// `has(operand.field)`.
    case has(Node, String, Place)
    /// `has` of the last segment of a reference's path.
    case hasReference(Reference)
    case not(Node, count: Int, Place)
    case negate(Node, count: Int, Place)
    case chain(Node, [Link])
    case logic(Syntax.Logic, Node, [Operand])
    case conditional(Node, Node, Node, Place)
    case list([Element], Place)
    case map([Entry], Place)
    case message(WellKnownMessage, [(name: String, value: Node)], Place)
    case call(Function, [Node], Place)
    /// `matches` with a pattern that is known.
    case matches(Node, Pattern, Place)
    case comprehension(Comprehension)
    /// Values, each of which sees those before it, and an expression that sees them all: `cel.bind`.
    case bind([Node], in: Node, Place)
    /// `optMap` and, where the body is an optional itself, `optFlatMap`.
    case mapOptional(Node, body: Node, isFlat: Bool, Place)
    /// `orValue` and, where the second is an optional itself, `or`: the second is evaluated only where the first is absent.
    case alternative(Node, Node, isFlat: Bool, Place)

    struct Link: Sendable {
        var operation: Syntax.Operator
        var operand: Node
        var place: Place
    }

    struct Operand: Sendable {
        var node: Node
        /// Of the operator before it.
        var place: Place
    }

    struct Element: Sendable {
        var node: Node
        var isOptional: Bool
    }

    struct Entry: Sendable {
        var key: Node
        var value: Node
        var isOptional: Bool
    }
}
