import Patterns

/// Resolves the names of an expression, expands its macros and finds its functions. What it lets through can fail only
/// on the values that it meets.
struct Checker {
    let environment: ExpressionEnvironment
    /// Variables of the macros around the place; a position is its place on the evaluator's stack.
    private(set) var locals: [String] = []

    init(_ environment: ExpressionEnvironment) { self.environment = environment }

    mutating func node(_ syntax: Syntax) throws(ExpressionError) -> Node {
        let place = syntax.place
        switch syntax.kind {
        case .literal(let value): return .literal(value)
        case .name: return try resolve(syntax)
        case .select(let operand, let name, let isOptional):
            if !isOptional, syntax.qualifiedSegments != nil { return try resolve(syntax) }
            let operand = try node(operand)
            return isOptional ? .select(operand, name, isOptional: true, place) : select(name, from: operand, place)
        case .index(let operand, let index, let isOptional):
            return self.index(try node(index), of: try node(operand), isOptional, place)
        case .call(let name, let target, let arguments):
            return try call(name, target, arguments, place)
        case .not(let operand, let count): return .not(try node(operand), count: count, place)
        case .negate(let operand, let count): return .negate(try node(operand), count: count, place)
        case .chain(let first, let links):
            let first = try node(first)
            var checked: [Node.Link] = []
            for link in links {
                checked.append(
                    Node.Link(operation: link.operation, operand: try node(link.operand), place: link.place))
            }
            return .chain(first, checked)
        case .logic(let logic, let first, let operands):
            let first = try node(first)
            var checked: [Node.Operand] = []
            for operand in operands {
                checked.append(Node.Operand(node: try node(operand.syntax), place: operand.place))
            }
            return .logic(logic, first, checked)
        case .conditional(let condition, let yes, let no):
            return .conditional(try node(condition), try node(yes), try node(no), place)
        case .list(let elements):
            var checked: [Node.Element] = []
            for element in elements {
                checked.append(Node.Element(node: try node(element.syntax), isOptional: element.isOptional))
            }
            return .list(checked, place)
        case .map(let entries):
            var checked: [Node.Entry] = []
            for entry in entries {
                checked.append(
                    Node.Entry(
                        key: try node(entry.key), value: try node(entry.value), isOptional: entry.isOptional))
            }
            return .map(checked, place)
        case .message(let name, let fields): return try message(name, fields, place)
        }
    }

    /// Checks an expression in which further variables are known.
    mutating func node(_ syntax: Syntax, with variables: [String]) throws(ExpressionError) -> Node {
        locals += variables
        defer { locals.removeLast(variables.count) }
        return try node(syntax)
    }

    // MARK: - Names

    /// A name, or selections from one. A macro's variable comes first; then the longest part that names a variable or
    /// a type; the rest selects from that.
    private func resolve(_ syntax: Syntax) throws(ExpressionError) -> Node {
        guard let segments = syntax.qualifiedSegments else { return .literal(.null) }
        let isRooted = syntax.isRooted
        let (name, place) = segments[0]
        if !isRooted, let position = locals.lastIndex(of: name) {
            return select(segments.dropFirst(), from: .local(position))
        }
        for count in (1...segments.count).reversed() {
            let prefix = segments.prefix(count).map(\.name).joined(separator: ".")
            for candidate in environment.candidates(for: prefix, isRooted: isRooted) {
                if environment.variables?.contains(candidate) == true {
                    let whole = place.through(segments[count - 1].place)
                    return select(
                        segments.dropFirst(count), from: .reference(Reference(root: candidate, at: whole)))
                }
                if candidate == WellKnownMessage.nullConstant {
                    return select(segments.dropFirst(count), from: .literal(.int(0)))
                }
                if let type = ValueType(rawValue: candidate) {
                    return select(segments.dropFirst(count), from: .literal(.type(type)))
                }
            }
        }
        guard environment.variables == nil else { return try refuse(undeclared(name, place)) }
        return select(segments.dropFirst(), from: .reference(Reference(root: name, at: place)))
    }

    /// What is not declared is an error now, or when it is evaluated.
    func refuse(_ error: ExpressionError) throws(ExpressionError) -> Node {
        guard environment.defersUndeclared else { throw error }
        return .failure(error)
    }

    func undeclared(_ name: String, _ place: Place) -> ExpressionError {
        place.error(.undeclared, "undeclared reference to '\(name)' (in container '\(environment.container)')")
    }

    private func select(_ segments: ArraySlice<(name: String, place: Place)>, from node: Node) -> Node {
        segments.reduce(node) { select($1.name, from: $0, $1.place) }
    }

    /// A constant path becomes part of the reference, so that the scope need not build what nobody reads.
    private func select(_ name: String, from node: Node, _ place: Place) -> Node {
        guard case .reference(var reference) = node, !reference.isComputed else {
            return .select(node, name, isOptional: false, place)
        }
        reference.extend(by: name, at: place)
        return .reference(reference)
    }

    private func index(_ index: Node, of node: Node, _ isOptional: Bool, _ place: Place) -> Node {
        guard case .reference(var reference) = node else {
            return .index(node, index, isOptional: isOptional, place)
        }
        if case .literal(.string(let name)) = index, !isOptional, !reference.isComputed {
            reference.extend(by: name, at: place)
            return .reference(reference)
        }
        reference.isComputed = true
        return .index(.reference(reference), index, isOptional: isOptional, place)
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ place: Place
    ) throws(ExpressionError) -> Node {
        guard let target else {
            if name == "has" { return try has(arguments, place) }
            for candidate in environment.candidates(for: name, isRooted: false) {
                if let signature = Function.globals[candidate] {
                    return try call(signature, candidate, try nodes(arguments), place)
                }
            }
            if Function.members[name] != nil {
                return try refuse(
                    place.error(.undeclared, "'\(name)' is called on a value, as in value.\(name)(…)"))
            }
            return try refuse(undeclared(name, place))
        }
        if let macro = try macro(name, target, arguments, place) { return macro }
        if let namespace = target.qualifiedName, !target.isRooted, !locals.contains(root(of: namespace)) {
            for candidate in environment.candidates(for: "\(namespace).\(name)", isRooted: false) {
                if let signature = Function.globals[candidate] {
                    return try call(signature, candidate, try nodes(arguments), place)
                }
            }
        }
        guard let signature = Function.members[name] else {
            if Function.globals[name] != nil {
                return try refuse(place.error(.undeclared, "'\(name)' is written as \(name)(value)"))
            }
            return try refuse(undeclared(name, place))
        }
        return try call(signature, name, [try node(target)] + (try nodes(arguments)), place)
    }

    private func root(of name: String) -> String { String(name.prefix { $0 != "." }) }

    private mutating func nodes(_ arguments: [Syntax]) throws(ExpressionError) -> [Node] {
        var nodes: [Node] = []
        for argument in arguments { nodes.append(try node(argument)) }
        return nodes
    }

    private func call(
        _ signature: Function.Signature, _ name: String, _ arguments: [Node], _ place: Place
    ) throws(ExpressionError) -> Node {
        guard signature.arity.contains(arguments.count) else {
            return try refuse(
                place.error(.undeclared, "found no overload of '\(name)' that takes \(arguments.count) values"))
        }
        // A pattern that is wrong fails where it is evaluated, as any other value.
        if case .core(.matches) = signature.function, case .literal(.string(let source)) = arguments[1],
            let pattern = try? Pattern(source)
        {
            return .matches(arguments[0], pattern, place)
        }
        return .call(signature.function, arguments, place)
    }

    private mutating func has(_ arguments: [Syntax], _ place: Place) throws(ExpressionError) -> Node {
        guard arguments.count == 1 else { throw place.error(.syntax, "\"has\" takes one argument") }
        if case .select(let operand, let name, isOptional: false) = arguments[0].kind {
            switch try node(operand) {
            case .reference(var reference) where !reference.isComputed:
                reference.extend(by: name, at: arguments[0].place)
                return .hasReference(reference)
            case let operand: return .has(operand, name, place)
            }
        }
        if case .index = arguments[0].kind, case .reference(let reference) = try node(arguments[0]) {
            return .hasReference(reference)
        }
        throw place.error(.syntax, "\"has\" takes a field, as in has(inputs.name)")
    }

    private mutating func message(
        _ name: String, _ fields: [(name: String, value: Syntax)], _ place: Place
    ) throws(ExpressionError) -> Node {
        for candidate in environment.candidates(for: name, isRooted: false) {
            guard let message = WellKnownMessage(rawValue: candidate) else { continue }
            var checked: [(name: String, value: Node)] = []
            for field in fields {
                guard message.fields.contains(field.name), !checked.contains(where: { $0.name == field.name }) else {
                    throw place.error(.undeclared, "\(candidate) has no field '\(field.name)', or it stands twice")
                }
                checked.append((field.name, try node(field.value)))
            }
            return .message(message, checked, place)
        }
        throw place.error(
            .unsupported,
            "there are no messages of Protocol Buffers here, such as \(name); write a map, as in {'field': value}")
    }
}
