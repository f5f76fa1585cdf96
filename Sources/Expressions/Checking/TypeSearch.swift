/// Looks for operators that can take no two of the values that may meet them: only what is certain whatever the run brings.
/// `dyn(…)` takes a value out of it.
struct TypeSearch {
    /// What is known of a reference before the run.
    let known: (Reference) -> ValueTypes
    private(set) var problems: [ExpressionError] = []

    init(known: @escaping (Reference) -> ValueTypes) { self.known = known }

    /// The types that a node's value may have.
    @discardableResult
    mutating func types(of node: Node) -> ValueTypes {
        switch node {
        case .literal(let value): return ValueTypes(of: value)
        case .local, .failure: return .any
        case .reference(let reference): return reference.isComputed ? .any : known(reference)
        case .hasReference: return .bool
        case .select(let operand, _, _, _):
            types(of: operand)
            return .any
        case .index(.reference, let index, _, _):
            types(of: index)
            return .any
        case .index(let operand, let index, _, _):
            types(of: operand)
            types(of: index)
            return .any
        case .has(let operand, _, _), .not(let operand, _, _), .matches(let operand, _, _):
            types(of: operand)
            return .bool
        case .negate(let operand, _, let place):
            let found = types(of: operand)
            let result = found.intersection([.int, .double])
            guard result.isEmpty else { return result }
            report("- takes a number, and this is \(found.text)", at: place)
            return .any
        case .chain(let first, let links): return chain(first, links)
        case .logic(_, let first, let operands):
            types(of: first)
            for operand in operands { types(of: operand.node) }
            return .bool
        case .conditional(let condition, let yes, let no, _):
            types(of: condition)
            return types(of: yes).union(types(of: no))
        case .list(let elements, _):
            for element in elements { types(of: element.node) }
            return .list
        case .map(let entries, _):
            for entry in entries {
                types(of: entry.key)
                types(of: entry.value)
            }
            return .map
        case .message(_, let fields, _):
            for field in fields { types(of: field.value) }
            return .any
        case .call(let function, let arguments, _):
            for argument in arguments { types(of: argument) }
            return result(of: function)
        case .comprehension(let comprehension):
            types(of: comprehension.range)
            if let filter = comprehension.filter { types(of: filter) }
            types(of: comprehension.body)
            switch comprehension.kind {
            case .all, .exists, .existsOne: return .bool
            case .map, .filter, .transformList, .transformMap, .transformMapEntry, .sortBy: return .any
            }
        case .bind(let values, let body, _):
            for value in values { types(of: value) }
            return types(of: body)
        case .alternative(let first, let second, _, _), .mapOptional(let first, let second, _, _):
            types(of: first)
            types(of: second)
            return .any
        }
    }

    private mutating func chain(_ first: Node, _ links: [Node.Link]) -> ValueTypes {
        var left = types(of: first)
        for link in links {
            let right = types(of: link.operand)
            let result = link.operation.result(left, right)
            if result.isEmpty {
                report(
                    "\(link.operation.rawValue) takes no \(left.text) and \(right.text): convert one of them",
                    at: link.place)
            }
            left = result.isEmpty ? .any : result
        }
        return left
    }

    /// Of the functions whose result is plain.
    private func result(of function: Function) -> ValueTypes {
        guard case .core(let function) = function else { return .any }
        switch function {
        case .size, .int: return .int
        case .uint: return .uint
        case .double: return .double
        case .string: return .string
        case .bytes: return .bytes
        case .bool, .contains, .startsWith, .endsWith, .matches: return .bool
        case .timestamp: return .timestamp
        case .duration: return .duration
        case .type: return .type
        case .dyn: return .any
        }
    }

    private mutating func report(_ message: String, at place: Place) {
        problems.append(place.error(.noOverload, message))
    }
}
