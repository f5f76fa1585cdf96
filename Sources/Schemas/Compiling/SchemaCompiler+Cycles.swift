extension SchemaCompiler {
    /// Reports schemas that apply themselves to the same instance: evaluating them would never end.
    mutating func reportCycles() {
        enum Mark { case unseen, open, closed }
        var marks = [Mark](repeating: .unseen, count: program.nodes.count)
        for start in program.nodes.indices where marks[start] == .unseen {
            var path: [(node: Int, next: [(node: Int, keyword: String)])] = [(start, appliedInPlace(start))]
            marks[start] = .open
            while let step = path.last {
                guard let edge = step.next.last else {
                    marks[step.node] = .closed
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next.removeLast()
                switch marks[edge.node] {
                case .closed: break
                case .open: reportCycle(from: step.node, by: edge.keyword, to: edge.node)
                case .unseen:
                    marks[edge.node] = .open
                    path.append((edge.node, appliedInPlace(edge.node)))
                }
            }
        }
    }

    private mutating func reportCycle(from node: Int, by keyword: String, to target: Int) {
        let location = program.nodes[node].location
        let parts = location.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let document = index.documents.firstIndex { $0.uri == parts[0] } ?? 0
        let place = SchemaPlace(document: document, pointer: String(parts[1]))
        index.report(
            .endlessReference, place.appending(keyword),
            """
            this leads back to \(program.nodes[target].location) without looking at a part of the instance, so it would \
            never end; refer from within properties or items, or not at all
            """)
    }

    /// The schemas that a schema applies to the very instance it is applied to.
    private func appliedInPlace(_ node: Int) -> [(node: Int, keyword: String)] {
        program.nodes[node].instructions.flatMap { instruction -> [(node: Int, keyword: String)] in
            let nodes: [Int] =
                switch instruction.check {
                case .reference(let node), .not(let node): [node]
                case .all(let nodes), .any(let nodes), .one(let nodes): nodes
                case .conditional(let condition, let then, let otherwise):
                    [condition] + [then, otherwise].compactMap { $0 }
                case .dependentSchemas(let schemas): schemas.map(\.node)
                // Where it leads is known only when it is evaluated; the evaluator looks out for it.
                case .dynamicReference: []
                case .types, .oneOf, .constant, .multiple, .maximum, .exclusiveMaximum, .minimum, .exclusiveMinimum,
                    .maxLength, .minLength, .pattern, .format, .prefixItems, .items, .contains, .maxItems, .minItems,
                    .uniqueItems, .properties, .propertyNames, .maxProperties, .minProperties, .required,
                    .dependentRequired, .unevaluatedItems, .unevaluatedProperties:
                    []
                }
            return nodes.map { ($0, instruction.keyword) }
        }
    }
}
