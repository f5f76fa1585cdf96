private import Spelling

extension SchemaCompiler {
    /// `type`, `enum` and `const`.
    mutating func values(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let value = value("type", site), let types = types(value, site) {
            instructions.append(.init(keyword: "type", check: .types(types)))
        }
        if let value = value("enum", site) {
            if case .array(let elements) = value {
                instructions.append(.init(keyword: "enum", check: .oneOf(Set(elements), elements)))
            } else {
                refuse("enum", site, "a list of values")
            }
        }
        if let value = value("const", site) { instructions.append(.init(keyword: "const", check: .constant(value))) }
        return instructions
    }

    private mutating func types(_ value: ExactJSON, _ site: Site) -> Set<TypeName>? {
        let place = site.place.appending("type")
        let named: [(value: ExactJSON, place: SchemaPlace)]
        switch value {
        case .array(let elements) where !elements.isEmpty:
            named = elements.enumerated().map { ($1, place.appending($0)) }
        case .string: named = [(value, place)]
        case .null, .bool, .number, .array, .object:
            refuse("type", site, "a type's name or a list of them")
            return nil
        }
        var types: Set<TypeName> = []
        for (value, place) in named {
            guard case .string(let name) = value, let type = TypeName(rawValue: name) else {
                let known = TypeName.allCases.map(\.rawValue)
                let meant = value.stringValue.flatMap { Suggestion.closest(to: $0, among: known) }
                let hint = meant.map { "did you mean \"\($0)\"?" } ?? "types are \(known.joined(separator: ", "))"
                index.report(.invalidKeyword, place, "unknown type \(value.excerpt)", hint: hint)
                return nil
            }
            guard types.insert(type).inserted else {
                index.report(.invalidKeyword, place, "type names \"\(name)\" twice")
                return nil
            }
        }
        return types
    }

    mutating func numbers(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let divisor = number("multipleOf", site) {
            if divisor <= .zero {
                refuse("multipleOf", site, "more than 0")
            } else if divisor.digitCount > ExactNumber.maximumDivisorDigits {
                refuse("multipleOf", site, "a number of at most \(ExactNumber.maximumDivisorDigits) digits")
            } else {
                instructions.append(.init(keyword: "multipleOf", check: .multiple(of: divisor)))
            }
        }
        let bounds: [(keyword: String, check: (ExactNumber) -> Check)] = [
            ("maximum", Check.maximum), ("exclusiveMaximum", Check.exclusiveMaximum), ("minimum", Check.minimum),
            ("exclusiveMinimum", Check.exclusiveMinimum),
        ]
        for (keyword, check) in bounds {
            if let bound = number(keyword, site) { instructions.append(.init(keyword: keyword, check: check(bound))) }
        }
        return instructions
    }

    mutating func texts(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let length = count("maxLength", site) {
            instructions.append(.init(keyword: "maxLength", check: .maxLength(length)))
        }
        if let length = count("minLength", site) {
            instructions.append(.init(keyword: "minLength", check: .minLength(length)))
        }
        if let source = text("pattern", site), let pattern = pattern(source, at: site.place.appending("pattern")) {
            instructions.append(.init(keyword: "pattern", check: .pattern(pattern)))
        }
        // A vocabulary that asserts formats brings the keyword too.
        let asserts = site.dialect.vocabularies.contains(.formatAssertion)
        let name = asserts ? site.members["format"]?.stringValue : text("format", site)
        if asserts || options.assertsFormats, let name, let format = Format(rawValue: name) {
            instructions.append(.init(keyword: "format", check: .format(format)))
        }
        return instructions
    }
}
