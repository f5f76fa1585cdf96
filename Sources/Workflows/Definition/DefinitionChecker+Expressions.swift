import Expressions
import JSON

extension DefinitionChecker {
    /// Whose expression it is: what it may read.
    enum Reader {
        case step(Int, item: Bool)
        case recover(Int)
        case output
        case labels
        /// The key of the limit on runs.
        case runKey
    }

    /// Compiles a template and checks the names in it.
    mutating func template(_ value: JSONValue, node: SourceNode?, for reader: Reader) -> Template? {
        let (template, problems) = Template.compile(value)
        for problem in problems {
            report(problem.error, from: node.flatMap { holePlace($0, problem.path, problem.index) })
        }
        for hole in template?.holes ?? [] {
            check(hole.expression, for: reader) { checker in
                node.flatMap { checker.holePlace($0, hole.path, hole.index) }
            }
        }
        return template
    }

    /// Compiles a bare expression and checks the names in it.
    mutating func expression(_ text: String, node: SourceNode?, for reader: Reader) -> Expression? {
        let place = node.map { expressionPlace($0) }
        do {
            let expression = try Expression(text)
            check(expression, for: reader) { _ in place }
            return expression
        } catch {
            report(error, from: place)
            return nil
        }
    }

    private mutating func report(_ error: ExpressionError, from place: SourcePlace?) {
        report(
            place.map { self.place(line: error.line, column: error.column, from: $0) }, length: error.length,
            "in an expression: \(error.message)")
    }

    /// Where an expression's line and column stand in the file, when its first character stands at `start`.
    private func place(line: Int, column: Int, from start: SourcePlace) -> SourcePlace {
        guard line > 1 else { return SourcePlace(line: start.line, column: max(1, start.column + column - 1)) }
        let line = start.line + line - 1
        return SourcePlace(line: line, column: source.indent(of: line) + column)
    }

    /// Where the content of the n-th hole of the string at a path begins.
    private mutating func holePlace(
        _ root: SourceNode, _ path: [Template.PathSegment], _ index: Int
    ) -> SourcePlace {
        guard placesLeft > 0 else { return root.place }
        placesLeft -= 1
        var node = root
        for segment in path {
            switch segment {
            case .key(let key): node = node[key] ?? node
            case .index(let position): node = node[position] ?? node
            }
        }
        return source.hole(index, after: node.place) ?? node.place
    }

    private func expressionPlace(_ node: SourceNode) -> SourcePlace {
        if case .scalar(.string(let text)) = node.content,
            text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "$"
        {
            return source.hole(0, after: node.place) ?? node.place
        }
        return SourcePlace(line: node.place.line, column: node.place.column + node.quote)
    }

    // MARK: - Names

    /// - Parameter start: Where the expression stands; asked only when there is something to say.
    private mutating func check(
        _ expression: Expression, for reader: Reader, at start: (inout Self) -> SourcePlace?
    ) {
        for reference in expression.references {
            let problem =
                reference.root == SecretMark.root
                ? secretProblem(reference, in: expression) : nameProblem(reference, for: reader)
            guard let found = problem else { continue }
            let place = start(&self).map { self.place(line: found.line, column: found.column, from: $0) }
            report(place, length: found.length, found.message, hint: found.hint)
        }
        let inputs = definition.inputs
        for problem in expression.typeProblems({ Self.types(of: $0, inputs: inputs) }) {
            report(problem, from: start(&self))
        }
    }

    /// What is known of a name before any run.
    private static func types(of reference: Reference, inputs: InputSchema?) -> ValueTypes {
        switch reference.root {
        case "inputs": return reference.path.isEmpty ? .map : inputs?.valueTypes(at: reference.path) ?? .any
        case "run": return reference.path.count == 1 ? .string : .any
        case "item_index": return reference.path.isEmpty ? .int : .any
        case "steps" where reference.path.count == 2 && reference.path[1] == "state": return .string
        default: return .any
        }
    }

    private struct ReferenceProblem {
        var line: Int
        var column: Int
        var length: Int
        var message: String
        var hint: String?

        /// About the root, or about a segment of the path.
        init(_ reference: Reference, segment: Int? = nil, _ message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
            if let segment, reference.segments.indices.contains(segment) {
                let found = reference.segments[segment]
                (line, column, length) = (found.line, found.column, found.length)
            } else {
                (line, column, length) = (reference.line, reference.column, reference.length)
            }
        }
    }

    private func roots(for reader: Reader) -> [String] {
        switch reader {
        case .labels, .runKey: return ["inputs", "run"]
        case .output: return ["inputs", "steps", "run"]
        case .recover: return ["inputs", "steps", "run", "failure"]
        case .step(let index, let item):
            var roots = ["inputs", "steps", "run"]
            if item { roots += ["item", "item_index"] }
            switch parts[index] {
            case .finally, .handler: roots.append("failure")
            case .main, .setup: break
            }
            return roots
        }
    }

    private mutating func nameProblem(_ reference: Reference, for reader: Reader) -> ReferenceProblem? {
        let roots = roots(for: reader)
        guard roots.contains(reference.root) else {
            let message: String
            switch reference.root {
            case "item", "item_index":
                message = "there is no \"\(reference.root)\" here, only in the with of a for_each"
            case "failure": message = "there is no \"failure\" here, only in on_failure and finally"
            case "steps": message = "no step has run yet when labels and the key of a run are made"
            default: message = "unknown name \"\(reference.root)\""
            }
            return ReferenceProblem(
                reference, message,
                hint: suggestion(for: reference.root, among: roots)
                    ?? "names are \(roots.joined(separator: ", "))")
        }
        switch reference.root {
        case "inputs": return inputProblem(reference)
        case "run": return runProblem(reference)
        case "steps": return stepProblem(reference, for: reader)
        default: return nil
        }
    }

    /// Secrets are put in when the input goes to the worker, so that no expression can compute with one and nothing of it
    /// gets into the run.
    private func secretProblem(_ reference: Reference, in expression: Expression) -> ReferenceProblem? {
        guard readsSecrets else {
            return ReferenceProblem(
                reference, "secrets can be named only in the with of a task",
                hint: "hand the secret to the step that needs it: ${{ secrets.NAME }}")
        }
        guard expression.soleReference == reference, reference.path.count == 1, !reference.isComputed else {
            return ReferenceProblem(
                reference, "a secret stands alone between its braces, under a name that is written out",
                hint: "as in Bearer ${{ secrets.NAME }} or ${{ secrets[\"ci/token\"] }}")
        }
        guard SecretMark.isName(reference.path[0]) else {
            return ReferenceProblem(
                reference, segment: 0, "\"\(reference.path[0])\" cannot be the name of a secret",
                hint: "a name has 1 to 200 letters, digits, _, -, . and /")
        }
        return nil
    }

    private mutating func inputProblem(_ reference: Reference) -> ReferenceProblem? {
        guard let schema = definition.inputs, let name = reference.path.first else { return nil }
        guard inputNames.contains(name) || schema.allowsOthers else {
            return ReferenceProblem(
                reference, segment: 0, "there is no input \"\(name)\"", hint: suggestion(for: name, among: inputNames))
        }
        switch schema.problem(along: reference.path) {
        case nil: return nil
        case .unknown(let segment, let known)?:
            let place = reference.path.prefix(segment).joined(separator: ".")
            let name = reference.path[segment]
            let list = known.isEmpty ? nil : "it has \(known.joined(separator: ", "))"
            return ReferenceProblem(
                reference, segment: segment, "the input \(place) has no \"\(name)\"",
                hint: suggestion(for: name, among: known) ?? list)
        case .noMembers(let segment, let type)?:
            let place = reference.path.prefix(segment).joined(separator: ".")
            return ReferenceProblem(
                reference, segment: segment,
                "the input \(place) is of type \(type) and has no \"\(reference.path[segment])\"")
        }
    }

    /// Reports an expression that is nothing but an input which can never be of the type that is taken there.
    mutating func check(_ expression: Expression?, isOf type: String, for what: String, node: SourceNode?) {
        guard let reference = expression?.soleReference, reference.root == "inputs", !reference.isComputed,
            let types = definition.inputs?.types(at: reference.path), !types.contains(type), !types.isEmpty
        else { return }
        let found = types.sorted().joined(separator: " or ")
        let place = node.map { expressionPlace($0) }
        report(
            place.map { self.place(line: reference.line, column: reference.column, from: $0) },
            length: reference.length,
            "\(what) takes \(type), and the input \(reference.path.joined(separator: ".")) is of type \(found)")
    }

    private mutating func runProblem(_ reference: Reference) -> ReferenceProblem? {
        let known = ["id", "workflow"]
        guard let name = reference.path.first else {
            return reference.isComputed ? ReferenceProblem(reference, "write run.id or run.workflow") : nil
        }
        guard !known.contains(name) else { return nil }
        return ReferenceProblem(
            reference, segment: 0, "run has no \"\(name)\"",
            hint: suggestion(for: name, among: known) ?? "it has id and workflow")
    }

    private mutating func stepProblem(_ reference: Reference, for reader: Reader) -> ReferenceProblem? {
        guard let id = reference.path.first else {
            return ReferenceProblem(reference, "steps must be followed by a step's id", hint: "as in steps.ID.output")
        }
        guard let target = indices[id] else {
            return ReferenceProblem(reference, segment: 0, "there is no step \"\(id)\"", hint: unknownStep(id))
        }
        if reference.path.count > 1, !["output", "state"].contains(reference.path[1]) {
            let name = reference.path[1]
            return ReferenceProblem(
                reference, segment: 1, "a step has no \"\(name)\"",
                hint: suggestion(for: name, among: ["output", "state"]) ?? "it has output and state")
        }
        return readProblem(target, for: reader).map {
            ReferenceProblem(reference, segment: 0, $0.message, hint: $0.hint)
        }
    }

    private mutating func unknownStep(_ id: String) -> String? {
        guard let found = suggestion(for: id, among: indices.keys) else {
            // steps.read-all.output is a subtraction to the language.
            guard placesLeft > 0 else { return nil }
            let longer = steps.first { $0.id.hasPrefix("\(id)-") }?.id
            return longer.map { "an id with \"-\" is written as steps[\"\($0)\"]" }
        }
        let longer = steps.first { $0.id.hasPrefix("\(id)-") }?.id
        return longer.map { "an id with \"-\" is written as steps[\"\($0)\"]" } ?? found
    }

    /// Why a step may not be read, when it may not: it need not have ended.
    private func readProblem(_ target: Int, for reader: Reader) -> (message: String, hint: String?)? {
        let id = steps[target].id
        func elsewhere(_ who: String) -> (message: String, hint: String?) {
            ("\(who) reads step \"\(id)\", which belongs to \(parts[target].text)", nil)
        }
        switch reader {
        case .labels, .runKey: return nil
        case .output:
            switch parts[target] {
            case .main, .setup: return nil
            case .finally, .handler: return elsewhere("the output")
            }
        case .recover(let handler):
            if parts[target] == .setup || parts[target] == .handler(handler) { return nil }
            return handled(target, by: handler) ? nil : elsewhere("recover")
        case .step(let index, _):
            let name = "step \"\(steps[index].id)\""
            if target == index { return ("\(name) reads its own output", nil) }
            if parts[target] == parts[index] {
                guard let upstream else { return nil }
                if upstream.contains(target, of: index) { return nil }
                return (
                    "\(name) reads step \"\(id)\", which need not have ended before it", "add \"\(id)\" to its needs"
                )
            }
            switch (parts[index], parts[target]) {
            case (.main, .setup), (.finally, .setup), (.finally, .main), (.handler, .setup): return nil
            case (.handler(let handler), .main) where handled(target, by: handler): return nil
            case (.handler, .main):
                return (
                    "\(name) reads step \"\(id)\", which need not have ended before it",
                    "a handler reads what is upstream of the step that its match names"
                )
            default: return elsewhere(name)
            }
        }
    }

    /// Whether a step has ended when the handler runs: it is upstream of the step that the handler names.
    private func handled(_ target: Int, by handler: Int) -> Bool {
        guard let failed = definition.handlers[handler].step.flatMap({ indices[$0] }) else { return false }
        return upstream?.contains(target, of: failed) ?? true
    }
}
