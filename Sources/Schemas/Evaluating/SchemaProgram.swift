/// A compiled schema: nodes that refer to one another by number, with every reference resolved.
struct SchemaProgram: Sendable {
    struct Node: Sendable {
        /// Where it stands: `#/properties/name`, with the document's URI before it when that is not the main one.
        var location: String
        /// The schema resource that it belongs to: what `$dynamicRef` looks through.
        var resource: Int
        /// Of `true`, `false` and schemas without any check.
        var verdict: Bool?
        var instructions: [Instruction] = []
        /// An `unevaluated…` keyword stands in it.
        var needsEvaluated = false
    }

    struct Instruction: Sendable {
        var keyword: String
        var check: Check
    }

    var nodes: [Node] = []
    var root = 0
    /// By name, then by resource: the nodes that are `$dynamicAnchor`s.
    var dynamicAnchors: [String: [Int: Int]] = [:]
}

/// What an instruction checks. Numbers of type `Int` that name schemas are nodes of the program.
enum Check: Sendable {
    case reference(Int)
    /// The outermost schema of that name in the dynamic scope, or else the node.
    case dynamicReference(String, Int)

    case types(Set<TypeName>)
    case oneOf(Set<ExactJSON>, [ExactJSON])
    case constant(ExactJSON)

    case multiple(of: ExactNumber)
    case maximum(ExactNumber)
    case exclusiveMaximum(ExactNumber)
    case minimum(ExactNumber)
    case exclusiveMinimum(ExactNumber)

    case maxLength(Int)
    case minLength(Int)
    case pattern(SchemaPattern)
    case format(Format)

    case prefixItems([Int])
    /// Of the items from an index on.
    case items(from: Int, Int)
    case contains(Int, min: Int, max: Int?, marksItems: Bool)
    case maxItems(Int)
    case minItems(Int)
    case uniqueItems

    case properties(PropertyChecks)
    case propertyNames(Int)
    case maxProperties(Int)
    case minProperties(Int)
    case required([String])
    case dependentRequired([(name: String, needs: [String])])

    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)
    case conditional(condition: Int, then: Int?, otherwise: Int?)
    case dependentSchemas([(name: String, node: Int)])

    case unevaluatedItems(Int)
    case unevaluatedProperties(Int)
}

/// `properties`, `patternProperties` and `additionalProperties` of one schema, which are one pass over the members.
struct PropertyChecks: Sendable {
    var named: [ExactText: Int] = [:]
    var patterns: [(pattern: SchemaPattern, node: Int)] = []
    var others: Int?
}

/// A type of JSON Schema.
enum TypeName: String, Hashable, Sendable, CaseIterable {
    case array, boolean, integer, null, number, object, string
}
