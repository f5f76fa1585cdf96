import JSON

/// Reads a bundle out of located nodes, as strictly as definitions; it collects every problem and goes on.
struct BundleReader {
    private let source: SourceText
    private var reader: DefinitionReader
    /// Of the workflows, which have readers of their own.
    private var others: [Diagnostic] = []
    private(set) var places: [ResourceID: Manifest.DeclaredPlace] = [:]

    /// Things in one bundle.
    static let mostResources = 2_000

    var problems: [Diagnostic] { reader.problems + others }

    init(_ source: SourceText) {
        self.source = source
        reader = DefinitionReader(path: source.path)
    }

    mutating func read(_ root: SourceNode) -> Bundle {
        var bundle = Bundle(name: "")
        guard
            let members = reader.members(of: root, "a bundle", known: Words.bundle, later: Words.bundleLater)
        else { return bundle }
        if let name = reader.required("bundle", in: members, of: "the bundle", at: root) {
            bundle.name = reader.resourceName(name, "the bundle's name") ?? ""
        }
        bundle.description = members["description"].flatMap { reader.string($0, "description") }
        let lists = ["queues", "limits", "workflows"].map { (key: $0, nodes: elements(of: members[$0], $0)) }
        let count = lists.reduce(0) { $0 + $1.nodes.count }
        guard count <= Self.mostResources else {
            reader.report(root, "a bundle declares \(Self.mostResources) things at most; this one has \(count)")
            return bundle
        }
        bundle.queues = lists[0].nodes.compactMap { queue($0) }
        bundle.limits = lists[1].nodes.compactMap { limit($0) }
        bundle.workflows = lists[2].nodes.compactMap { workflow($0, in: root) }
        return bundle
    }

    private mutating func elements(of node: SourceNode?, _ what: String) -> [SourceNode] {
        guard let node else { return [] }
        guard case .sequence(let elements) = node.content else {
            reader.report(node, "\(what) must be a list, not \(node.typeName)")
            return []
        }
        return elements
    }

    /// Notes where something is declared; what stands twice is reported.
    private mutating func declare(_ id: ResourceID, at node: SourceNode) {
        if let first = places[id] {
            reader.report(node, "the \(id) is declared twice", hint: "first in line \(first.place.line)")
        } else {
            places[id] = Manifest.DeclaredPlace(place: node.place, length: node.length)
        }
    }

    private mutating func queue(_ node: SourceNode) -> QueueDeclaration? {
        guard let members = reader.members(of: node, "a queue", known: Words.queue, later: []),
            let nameNode = reader.required("name", in: members, of: "the queue", at: node),
            let name = reader.resourceName(nameNode, "the queue's name")
        else { return nil }
        declare(ResourceID(.queue, name), at: nameNode)
        var queue = QueueDeclaration(name: name)
        if let node = members["discipline"] {
            let known = QueueDiscipline.allCases.map(\.text)
            if let text = reader.string(node, "discipline") {
                if let discipline = QueueDiscipline(text: text) {
                    queue.order.discipline = discipline
                } else {
                    let hint = Suggestion.closest(to: text, among: known).map { "did you mean \"\($0)\"?" }
                    reader.report(
                        node, "unknown discipline \"\(text)\"",
                        hint: hint ?? "values are \(known.joined(separator: ", "))")
                }
            }
        }
        if let node = members["boost"], let boost = reader.duration(node, "boost") {
            if !QueueDeclaration.boosts.contains(boost) { reader.report(node, "boost must be from 1ms to 24h") }
            queue.order.boost = boost
        }
        if let node = members["weight"] {
            queue.weight = reader.integer(node, "weight", in: QueueDeclaration.weights) ?? queue.weight
        }
        if let node = members["strict"] { queue.isStrict = reader.boolean(node, "strict") ?? false }
        queue.concurrency = members["concurrency"].flatMap {
            reader.integer($0, "concurrency", in: QueueDeclaration.concurrencies)
        }
        return queue
    }

    private mutating func limit(_ node: SourceNode) -> LimitDeclaration? {
        guard let members = reader.members(of: node, "a limit", known: Words.limit, later: []) else { return nil }
        let nameNode = reader.required("name", in: members, of: "the limit", at: node)
        let slotsNode = reader.required("slots", in: members, of: "the limit", at: node)
        let unit = members["of"].map { reader.choice($0, "of", of: LimitedUnit.self) } ?? .runs
        let slots = slotsNode.flatMap { reader.integer($0, "slots", in: LimitDeclaration.slotCounts) }
        guard let nameNode, let name = reader.string(nameNode, "the limit's name", allowsEmpty: false) else {
            return nil
        }
        guard LimitDeclaration.isValid(name: name) else {
            reader.report(nameNode, "a limit's name has 1 to 200 bytes and no control characters")
            return nil
        }
        guard let unit, let slots else { return nil }
        let limit = LimitDeclaration(name: name, unit: unit, slots: slots)
        declare(limit.id, at: nameNode)
        return limit
    }

    private mutating func workflow(_ node: SourceNode, in root: SourceNode) -> BundledWorkflow? {
        do {
            let workflow = try Workflow(root: node, source: source)
            declare(ResourceID(.workflow, workflow.definition.name), at: node["name"] ?? node)
            return BundledWorkflow(workflow, source: text(of: node, workflow, in: root))
        } catch {
            others += error.diagnostics
            return nil
        }
    }

    /// The workflow's own lines without their indent, where those say the same when they are read alone; else JSON.
    private func text(of node: SourceNode, _ workflow: Workflow, in root: SourceNode) -> [UInt8] {
        let canonical = workflow.definition.canonical
        if let lines = source.block(at: node.place, until: Self.end(of: node, in: root)),
            let read = try? Workflow(parsing: lines, file: source.path), read.definition.canonical == canonical
        {
            return lines
        }
        return Array(workflow.definition.json.text(pretty: true).utf8)
    }

    /// The first line after the node in which something else of the bundle begins.
    private static func end(of node: SourceNode, in root: SourceNode) -> Int? {
        guard case .mapping(let members) = root.content else { return nil }
        var lines: [Int] = []
        for member in members {
            lines.append(member.keyPlace.line)
            if case .sequence(let elements) = member.value.content { lines += elements.map(\.place.line) }
        }
        return lines.filter { $0 > node.place.line }.min()
    }
}

extension SourceText {
    /// The lines of a block that begins at a place, without its indent and without what is empty at its end; `nil` when
    /// a line stands further left.
    func block(at place: SourcePlace, until end: Int?) -> [UInt8]? {
        var lines: [String] = []
        var number = place.line
        while end.map({ number < $0 }) ?? true, let scalars = line(number) {
            let indent =
                number == place.line ? place.column - 1 : scalars.prefix(place.column - 1).prefix { $0 == " " }.count
            let isBlank = scalars.allSatisfy { $0 == " " || $0 == "\t" }
            guard isBlank || indent == place.column - 1 || scalars.first(where: { $0 != " " }) == "#" else {
                return nil
            }
            lines.append(isBlank ? "" : String(String.UnicodeScalarView(scalars.dropFirst(indent))))
            number += 1
        }
        while let last = lines.last, last.isEmpty || last.first == "#" { lines.removeLast() }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}

extension DefinitionReader {
    /// The name of a workflow, a queue or a bundle.
    mutating func resourceName(_ node: SourceNode, _ what: String) -> String? {
        guard let text = word(node, what, extra: "-_./", longest: ResourceName.longest) else { return nil }
        guard ResourceName.isValid(text) else {
            report(node, "\(what) \"\(text)\" has an empty part between its slashes")
            return nil
        }
        return text
    }

    mutating func integer(_ node: SourceNode, _ what: String, in range: ClosedRange<Int32>) -> Int32? {
        if case .scalar(.int(let number)) = node.content, let number = Int32(exactly: number), range.contains(number) {
            return number
        }
        report(node, "\(what) must be an integer from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }
}
