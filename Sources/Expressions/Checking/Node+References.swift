extension Node {
    /// Every reference to the scope, in the order of the text. Variables of macros are none.
    func collectReferences(into references: inout [Reference]) {
        switch self {
        case .literal, .local, .failure: break
        case .reference(let reference), .hasReference(let reference): references.append(reference)
        case .select(let operand, _, _, _), .has(let operand, _, _), .not(let operand, _, _),
            .negate(let operand, _, _), .matches(let operand, _, _):
            operand.collectReferences(into: &references)
        case .index(let operand, let index, _, _):
            operand.collectReferences(into: &references)
            index.collectReferences(into: &references)
        case .chain(let first, let links):
            first.collectReferences(into: &references)
            for link in links { link.operand.collectReferences(into: &references) }
        case .logic(_, let first, let operands):
            first.collectReferences(into: &references)
            for operand in operands { operand.node.collectReferences(into: &references) }
        case .conditional(let condition, let yes, let no, _):
            for node in [condition, yes, no] { node.collectReferences(into: &references) }
        case .list(let elements, _):
            for element in elements { element.node.collectReferences(into: &references) }
        case .map(let entries, _):
            for entry in entries {
                entry.key.collectReferences(into: &references)
                entry.value.collectReferences(into: &references)
            }
        case .message(_, let fields, _):
            for field in fields { field.value.collectReferences(into: &references) }
        case .call(_, let arguments, _):
            for argument in arguments { argument.collectReferences(into: &references) }
        case .comprehension(let comprehension):
            comprehension.range.collectReferences(into: &references)
            comprehension.filter?.collectReferences(into: &references)
            comprehension.body.collectReferences(into: &references)
        case .bind(let values, let body, _):
            for value in values { value.collectReferences(into: &references) }
            body.collectReferences(into: &references)
        case .mapOptional(let operand, let body, _, _), .alternative(let operand, let body, _, _):
            operand.collectReferences(into: &references)
            body.collectReferences(into: &references)
        }
    }
}
