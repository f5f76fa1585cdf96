/// Turns a schema and everything that it reaches into a program.
struct SchemaCompiler {
    /// A schema that waits to be compiled.
    struct Site {
        var node: Int
        var value: ExactJSON
        var members: ExactObject
        var place: SchemaPlace
        var resource: Int
        var dialect: Dialect
    }

    var index: SchemaIndex
    let options: SchemaOptions
    var program = SchemaProgram()
    private var patterns: [String: SchemaPattern] = [:]
    private var nodeByPlace: [SchemaPlace: Int] = [:]
    private var waiting: [(node: Int, value: ExactJSON, place: SchemaPlace, resource: Int)] = []
    /// Names of which a `$dynamicRef` leads through the dynamic scope.
    var dynamicNames: Set<String> = []

    /// Bounds the memory of the program.
    private static let mostNodes = 200_000
    /// Bounds the memory of the patterns, each of which has its own.
    private static let mostPatterns = 2000

    init(resources: any SchemaResources, options: SchemaOptions) {
        index = SchemaIndex(resources)
        self.options = options
    }

    mutating func compile(_ document: ExactJSON, uri: String) throws(SchemaError) -> SchemaProgram {
        let base = URIReference(uri).withoutFragment.resolved(against: URIReference(Schema.defaultURI))
        let resource = index.add(document, uri: base, isMain: true)
        let root = SchemaPlace(document: 0, pointer: "")
        switch document {
        case .object, .bool:
            program.root = node(document, at: root, in: resource)
        case .null, .number, .string, .array:
            index.report(
                .invalidKeyword, root, "a schema is an object, true or false, not \(document.typeName)")
        }
        repeat {
            while let next = waiting.popLast() { compile(next) }
            compileDynamicAnchors()
        } while !waiting.isEmpty
        reportCycles()
        guard index.problems.isEmpty else { throw SchemaError(problems: index.problems) }
        return program
    }

    /// The node of a schema, which is compiled later.
    mutating func node(_ value: ExactJSON, at place: SchemaPlace, in outer: Int) -> Int {
        if let known = nodeByPlace[place] { return known }
        let resource = index.resource(beginningAt: place) ?? outer
        let node = program.nodes.count
        guard node < Self.mostNodes else {
            index.report(.tooLarge, place, "the schema has more than \(Self.mostNodes) parts")
            return 0
        }
        program.nodes.append(
            SchemaProgram.Node(location: "\(index.documents[place.document].uri)#\(place.pointer)", resource: resource))
        nodeByPlace[place] = node
        waiting.append((node, value, place, resource))
        return node
    }

    private mutating func compile(_ next: (node: Int, value: ExactJSON, place: SchemaPlace, resource: Int)) {
        switch next.value {
        case .bool(let verdict): program.nodes[next.node].verdict = verdict
        case .object(let members):
            let site = Site(
                node: next.node, value: next.value, members: members, place: next.place, resource: next.resource,
                dialect: index.resources[next.resource].dialect)
            if options.refusesMisspelling { reportMisspelling(site) }
            let instructions = self.instructions(site)
            program.nodes[next.node].instructions = instructions
            if instructions.isEmpty { program.nodes[next.node].verdict = true }
            program.nodes[next.node].needsEvaluated = instructions.contains { instruction in
                switch instruction.check {
                case .unevaluatedItems, .unevaluatedProperties: true
                default: false
                }
            }
        case .null, .number, .string, .array:
            index.report(
                .invalidKeyword, next.place, "a schema is an object, true or false, not \(next.value.typeName)")
        }
    }

    private mutating func instructions(_ site: Site) -> [SchemaProgram.Instruction] {
        if site.dialect.edition == .draft7, site.members["$ref"] != nil { return references(site) }
        // The unevaluated keywords come last: they see what the others have evaluated.
        return references(site) + values(site) + numbers(site) + texts(site) + arrays(site) + objects(site)
            + combinations(site) + unevaluated(site)
    }

    mutating func pattern(_ source: String, at place: SchemaPlace) -> SchemaPattern? {
        if let known = patterns[source] { return known }
        guard patterns.count < Self.mostPatterns else {
            index.report(.tooLarge, place, "the schema has more than \(Self.mostPatterns) different patterns")
            return nil
        }
        do {
            let pattern = try SchemaPattern(source)
            patterns[source] = pattern
            return pattern
        } catch {
            index.report(.invalidPattern, place, error.description)
            return nil
        }
    }

    private mutating func reportMisspelling(_ site: Site) {
        for key in site.members.keys {
            guard let meant = SchemaKeyword.suggestion(for: key) else { continue }
            index.report(
                .misspeltKeyword, site.place.appending(key), "unknown keyword \"\(key)\"",
                hint: "did you mean \"\(meant)\"?")
        }
    }

    /// The dynamic anchors that a `$dynamicRef` may lead to, in every resource that the program enters.
    private mutating func compileDynamicAnchors() {
        let entered = Set(program.nodes.map(\.resource))
        for name in dynamicNames {
            for resource in entered where program.dynamicAnchors[name]?[resource] == nil {
                let root = index.resources[resource].root
                guard let pointer = index.resources[resource].dynamicAnchors[name] else { continue }
                let place = SchemaPlace(document: root.document, pointer: pointer)
                guard let value = index.value(at: place) else { continue }
                program.dynamicAnchors[name, default: [:]][resource] = node(value, at: place, in: resource)
            }
        }
    }
}

extension ExactObject {
    var keys: some Collection<String> { lazy.map(\.key) }
}
