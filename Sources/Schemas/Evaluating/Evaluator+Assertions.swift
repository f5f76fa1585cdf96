extension Evaluator {
    /// What is wrong with a value by a check that needs no other schema; `nil` when nothing is, or when the check is
    /// for values of another type.
    func problem(_ check: Check, _ value: ExactJSON) -> String? {
        switch (check, value) {
        case (.types(let types), _):
            if types.contains(where: { $0.takes(value) }) { return nil }
            let wanted = types.map(\.rawValue).sorted().joined(separator: " or ")
            return "must be \(wanted), not \(value.typeName)"
        case (.oneOf(let values, let list), _):
            if values.contains(value) { return nil }
            guard !list.isEmpty else { return "nothing is allowed here: the list of allowed values is empty" }
            let more = list.count > 10 ? " and \(list.count - 10) more" : ""
            return "must be one of \(list.prefix(10).map(\.excerpt).joined(separator: ", "))\(more)"
        case (.constant(let wanted), _): return wanted == value ? nil : "must be \(wanted.excerpt)"
        case (_, .number(let number)): return problem(check, number)
        case (_, .string(let text)): return problem(check, text)
        case (_, .array(let elements)): return problem(check, elements)
        case (_, .object(let members)): return problem(check, members)
        case (_, .null), (_, .bool): return nil
        }
    }

    private func problem(_ check: Check, _ number: ExactNumber) -> String? {
        switch check {
        case .multiple(let divisor):
            number.isMultiple(of: divisor) ? nil : "must be a multiple of \(divisor); \(number) is none"
        case .maximum(let bound): number <= bound ? nil : "must be at most \(bound), not \(number)"
        case .exclusiveMaximum(let bound): number < bound ? nil : "must be less than \(bound), not \(number)"
        case .minimum(let bound): number >= bound ? nil : "must be at least \(bound), not \(number)"
        case .exclusiveMinimum(let bound): number > bound ? nil : "must be more than \(bound), not \(number)"
        default: nil
        }
    }

    private func problem(_ check: Check, _ text: String) -> String? {
        switch check {
        case .maxLength(let most):
            let length = text.unicodeScalars.count
            return length <= most ? nil : "must have at most \(Self.count(most, "character")), not \(length)"
        case .minLength(let least):
            let length = text.unicodeScalars.count
            return length >= least ? nil : "must have at least \(Self.count(least, "character")), not \(length)"
        case .format(let format):
            return format.accepts(text) ? nil : "must be \(format.explanation)"
        default: return nil
        }
    }

    private func problem(_ check: Check, _ elements: [ExactJSON]) -> String? {
        switch check {
        case .maxItems(let most):
            return elements.count <= most
                ? nil : "must have at most \(Self.count(most, "item")), not \(elements.count)"
        case .minItems(let least):
            return elements.count >= least
                ? nil : "must have at least \(Self.count(least, "item")), not \(elements.count)"
        case .uniqueItems:
            var seen: [ExactJSON: Int] = [:]
            for (index, element) in elements.enumerated() {
                if let first = seen.updateValue(index, forKey: element) {
                    return "must have no item twice; items \(first) and \(index) are equal"
                }
            }
            return nil
        default: return nil
        }
    }

    private func problem(_ check: Check, _ members: ExactObject) -> String? {
        switch check {
        case .maxProperties(let most):
            return members.count <= most
                ? nil : "must have at most \(Self.count(most, "property", "properties")), not \(members.count)"
        case .minProperties(let least):
            return members.count >= least
                ? nil : "must have at least \(Self.count(least, "property", "properties")), not \(members.count)"
        case .required(let names):
            let missing = names.filter { members.position(of: $0) == nil }
            guard !missing.isEmpty else { return nil }
            let more = missing.count > 10 ? " and \(missing.count - 10) more" : ""
            let list = missing.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
            return "must have the \(missing.count == 1 ? "property" : "properties") \(list)\(more)"
        default: return nil
        }
    }

    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? "\(noun)s")"
    }
}

extension TypeName {
    func takes(_ value: ExactJSON) -> Bool {
        switch (self, value) {
        case (.array, .array), (.boolean, .bool), (.null, .null), (.number, .number), (.object, .object),
            (.string, .string):
            true
        case (.integer, .number(let number)): number.isInteger
        case (.array, _), (.boolean, _), (.integer, _), (.null, _), (.number, _), (.object, _), (.string, _): false
        }
    }
}
