extension Checker {
    /// The loop, or the binding, that a call of a macro stands for; `nil` when the call is none.
    mutating func macro(
        _ name: String, _ target: Syntax, _ arguments: [Syntax], _ place: Place
    ) throws(ExpressionError) -> Node? {
        if case .name("cel", _) = target.kind {
            switch name {
            case "bind": return try bind(arguments, place)
            case "block": return try block(arguments, place)
            case "index", "iterVar": return try blockVariable(name, arguments, place)
            default: return nil
            }
        }
        if let kind = Comprehension.Kind(macro: name) {
            // Where the form fits no macro it may still be a function.
            guard let form = kind.form(arguments: arguments.count) else {
                return try refuse(
                    place.error(.undeclared, "the macro '\(name)' does not take \(arguments.count) arguments"))
            }
            return try comprehension(kind, form, target, arguments, place)
        }
        switch name {
        case "optMap", "optFlatMap":
            guard arguments.count == 2 else {
                throw place.error(.undeclared, "the macro '\(name)' takes a name and an expression")
            }
            let variable = try variable(arguments[0])
            let operand = try node(target)
            return .mapOptional(
                operand, body: try node(arguments[1], with: [variable]), isFlat: name == "optFlatMap", place)
        case "or", "orValue":
            guard arguments.count == 1 else {
                return try refuse(place.error(.undeclared, "'\(name)' takes one value"))
            }
            return .alternative(try node(target), try node(arguments[0]), isFlat: name == "or", place)
        default: return nil
        }
    }

    private mutating func comprehension(
        _ kind: Comprehension.Kind, _ form: (variables: Int, hasFilter: Bool), _ target: Syntax,
        _ arguments: [Syntax], _ place: Place
    ) throws(ExpressionError) -> Node {
        var variables: [String] = []
        for argument in arguments.prefix(form.variables) {
            let name = try variable(argument)
            guard !variables.contains(name) else {
                throw argument.place.error(.syntax, "the two variables of a macro must have different names")
            }
            variables.append(name)
        }
        let range = try node(target)
        let filter = form.hasFilter ? try node(arguments[form.variables], with: variables) : nil
        let body = try node(arguments[arguments.count - 1], with: variables)
        return .comprehension(
            Comprehension(
                kind: kind, range: range, variableCount: form.variables, filter: filter, body: body, place: place))
    }

    private func variable(_ syntax: Syntax) throws(ExpressionError) -> String {
        switch syntax.kind {
        case .name(let name, isRooted: false): return name
        case .call("iterVar", let target?, let arguments):
            if case .name("cel", _) = target.kind, let name = blockName("iterVar", arguments) { return name }
        default: break
        }
        throw syntax.place.error(.syntax, "a macro's variable is a simple name")
    }

    private mutating func bind(_ arguments: [Syntax], _ place: Place) throws(ExpressionError) -> Node {
        guard arguments.count == 3 else {
            throw place.error(.undeclared, "cel.bind takes a name, a value and an expression")
        }
        let variable = try variable(arguments[0])
        let value = try node(arguments[1])
        return .bind([value], in: try node(arguments[2], with: [variable]), place)
    }

    /// `cel.block([a, b], expression)`: what an optimiser writes for parts that occur several times. Each value sees
    /// those before it as `cel.index(0)`, `cel.index(1)`.
    private mutating func block(_ arguments: [Syntax], _ place: Place) throws(ExpressionError) -> Node {
        guard arguments.count == 2, case .list(let elements) = arguments[0].kind else {
            throw place.error(.undeclared, "cel.block takes a list and an expression")
        }
        let names = elements.indices.map { "@index:\($0)" }
        var values: [Node] = []
        for (position, element) in elements.enumerated() {
            values.append(try node(element.syntax, with: Array(names.prefix(position))))
        }
        return .bind(values, in: try node(arguments[1], with: names), place)
    }

    private func blockVariable(
        _ name: String, _ arguments: [Syntax], _ place: Place
    ) throws(ExpressionError) -> Node {
        guard let variable = blockName(name, arguments), let position = locals.lastIndex(of: variable) else {
            throw place.error(.undeclared, "undeclared reference to 'cel.\(name)' here")
        }
        return .local(position)
    }

    private func blockName(_ name: String, _ arguments: [Syntax]) -> String? {
        var text = "@\(name)"
        for argument in arguments {
            guard case .literal(.int(let number)) = argument.kind else { return nil }
            text += ":\(number)"
        }
        return text
    }
}
