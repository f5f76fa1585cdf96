private import Spelling

extension Evaluator {
    mutating func checkItems(
        _ instruction: SchemaProgram.Instruction, _ node: Int, _ elements: [ExactJSON], _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var isValid = true
        switch instruction.check {
        case .prefixItems(let nodes):
            for (index, (child, element)) in zip(nodes, elements).enumerated() {
                if try apply(child, to: element, element: index) { continue }
                isValid = false
                if !isReporting { return false }
            }
            evaluated?.mark(0..<min(nodes.count, elements.count))
        case .items(let start, let child):
            guard start < elements.count else { return true }
            if program.nodes[child].verdict == false {
                violate(
                    node, instruction.keyword,
                    "must have at most \(Self.count(start, "item")), not \(elements.count)")
                return false
            }
            for index in start..<elements.count {
                if try apply(child, to: elements[index], element: index) { continue }
                isValid = false
                if !isReporting { return false }
            }
            evaluated?.mark(start..<elements.count)
        case .contains(let child, let least, let most, let marksItems):
            return try checkContains(child, least, most, marksItems, node, elements, &evaluated)
        case .unevaluatedItems(let child):
            for index in evaluated?.marks.indices ?? 0..<0 where evaluated?.marks[index] == false {
                if program.nodes[child].verdict == false {
                    violate(
                        node, instruction.keyword, element: index, "no item is allowed here: no schema describes it")
                    isValid = false
                } else if try !apply(child, to: elements[index], element: index) {
                    isValid = false
                }
                if !isValid, !isReporting { return false }
            }
            evaluated?.mark(0..<elements.count)
        default: break
        }
        return isValid
    }

    private mutating func checkContains(
        _ child: Int, _ least: Int, _ most: Int?, _ marksItems: Bool, _ node: Int, _ elements: [ExactJSON],
        _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var found = 0
        for (index, element) in elements.enumerated() {
            guard try applyQuietly(child, to: element, element: index) else { continue }
            found += 1
            if marksItems { evaluated?.mark(index) }
            if evaluated == nil, most == nil, found >= least { return true }
        }
        if found < least {
            violate(
                node, least == 1 ? "contains" : "minContains",
                "must have at least \(Self.count(least, "item")) that the schema in contains accepts, not \(found)")
            return false
        }
        if let most, found > most {
            violate(
                node, "maxContains",
                "must have at most \(Self.count(most, "item")) that the schema in contains accepts, not \(found)")
            return false
        }
        return true
    }

    mutating func checkMembers(
        _ instruction: SchemaProgram.Instruction, _ node: Int, _ members: ExactObject, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var isValid = true
        switch instruction.check {
        case .properties(let checks):
            return try checkProperties(checks, node, members, &evaluated)
        case .propertyNames(let child):
            for (name, _) in members {
                let (accepts, reasons) = try apply(child, toName: name)
                if accepts { continue }
                isValid = false
                if !isReporting { return false }
                violate(
                    node, instruction.keyword, member: name,
                    "the name \"\(name)\" is not allowed: \(reasons.first?.message ?? "it is no valid name")")
            }
        case .dependentRequired(let dependents):
            for (name, needs) in dependents where members.position(of: name) != nil {
                try charge(needs.count, at: node)
                for needed in needs where members.position(of: needed) == nil {
                    violate(
                        node, instruction.keyword, "must have the property \"\(needed)\" because it has \"\(name)\"")
                    isValid = false
                }
            }
        case .unevaluatedProperties(let child):
            for index in evaluated?.marks.indices ?? 0..<0 where evaluated?.marks[index] == false {
                if try !applyToOther(child, members[index], node, instruction.keyword) { isValid = false }
                if !isValid, !isReporting { return false }
            }
            evaluated?.mark(0..<members.count)
        default: break
        }
        return isValid
    }

    private mutating func checkProperties(
        _ checks: PropertyChecks, _ node: Int, _ members: ExactObject, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var isValid = true
        for (index, member) in members.enumerated() {
            var isKnown = false
            if let child = checks.named[ExactText(member.key)] {
                isKnown = true
                if try !apply(child, to: member.value, member: member.key) { isValid = false }
            }
            for (pattern, child) in checks.patterns {
                try charge(1, at: node)
                guard try matches(pattern, member.key, at: node) else { continue }
                isKnown = true
                if try !apply(child, to: member.value, member: member.key) { isValid = false }
            }
            if !isKnown, let others = checks.others {
                isKnown = true
                if try !applyToOther(others, member, node, "additionalProperties") { isValid = false }
            }
            if !isValid, !isReporting { return false }
            if isKnown { evaluated?.mark(index) }
        }
        return isValid
    }

    /// Applies the schema of members that no other keyword describes.
    private mutating func applyToOther(
        _ child: Int, _ member: ExactObject.Element, _ node: Int, _ keyword: String
    ) throws(EvaluationError) -> Bool {
        guard program.nodes[child].verdict == false else {
            return try apply(child, to: member.value, member: member.key)
        }
        let hint = isReporting ? hint(member.key, node) : ""
        violate(node, keyword, member: member.key, "there is no property \"\(member.key)\"\(hint)")
        return false
    }

    private func hint(_ key: String, _ node: Int) -> String {
        let known = program.nodes[node].instructions.flatMap { instruction -> [String] in
            guard case .properties(let checks) = instruction.check else { return [] }
            return checks.named.keys.map(\.text)
        }
        return Suggestion.closest(to: key, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
    }
}
