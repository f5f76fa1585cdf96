import JSON
import Yams

/// Reads YAML into located nodes; collects what it refuses.
struct YAMLReader {
    private let source: SourceText
    private(set) var problems: [Diagnostic] = []
    private var nodes = 0

    /// Values within one another.
    static let maximumDepth = 64
    /// Values in all, those that aliases repeat counted each time.
    static let maximumNodes = 500_000

    init(_ source: SourceText) { self.source = source }

    /// The only document of the text; `nil` when it is empty or cannot be read, which `problems` then says.
    mutating func read() -> SourceNode? {
        guard AliasCount.isHarmless(source.text) else {
            report(SourcePlace(line: 1, column: 1), "the definition has more than \(AliasCount.limit) aliases")
            return nil
        }
        do {
            // The basic resolver leaves plain scalars alone: they are read by `PlainScalar`, and not by expressions.
            let parser = try Parser(yaml: source.text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else {
                report(SourcePlace(line: 1, column: 1), "the definition is empty")
                return nil
            }
            return node(root, depth: 1)
        } catch let error as YamlError {
            report(error)
        } catch {
            report(SourcePlace(line: 1, column: 1), "the text cannot be read as YAML: \(error)")
        }
        return nil
    }

    private mutating func report(_ place: SourcePlace, length: Int = 1, _ message: String, hint: String? = nil) {
        problems.append(
            Diagnostic(
                path: source.path, line: place.line, column: place.column, length: length, message: message, hint: hint)
        )
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let where_ = context.map { " (\($0.text) in line \($0.mark.line))" } ?? ""
            report(SourcePlace(line: mark.line, column: mark.column), "invalid YAML: \(problem)\(where_)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let name = duplicates.first ?? ""
            report(
                SourcePlace(line: max(1, context.mark.line), column: max(1, context.mark.column)),
                length: name.unicodeScalars.count, "the key \"\(name)\" stands twice in one mapping")
        case .reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0).utf8.count
            report(source.place(of: before), "invalid YAML: \(problem)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            report(SourcePlace(line: 1, column: 1), "the text cannot be read as YAML")
        }
    }

    private mutating func node(_ node: Node, depth: Int) -> SourceNode? {
        let place = SourcePlace(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            if nodes == Self.maximumNodes + 1 { report(place, "the definition has over \(Self.maximumNodes) values") }
            return nil
        }
        guard depth <= Self.maximumDepth else {
            report(place, "nested deeper than \(Self.maximumDepth) levels")
            return nil
        }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar, at: place)
        case .sequence(let sequence):
            refuse(tag: sequence.tag, standard: .seq, at: place)
            var elements: [SourceNode] = []
            for element in sequence {
                if let element = self.node(element, depth: depth + 1) { elements.append(element) }
            }
            return SourceNode(.sequence(elements), at: place)
        case .mapping(let mapping):
            refuse(tag: mapping.tag, standard: .map, at: place)
            return SourceNode(.mapping(members(of: mapping, depth: depth)), at: place)
        case .alias:
            report(place, "an alias that is not resolved")
            return nil
        }
    }

    private mutating func members(of mapping: Node.Mapping, depth: Int) -> [SourceNode.Member] {
        var members: [SourceNode.Member] = []
        for (key, value) in mapping {
            let place = SourcePlace(line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
            guard case .scalar(let name) = key else {
                report(place, "a key must be text")
                continue
            }
            if name.string == "<<", name.style == .plain {
                report(place, length: 2, "merge keys are not supported; write the values out")
                continue
            }
            guard let value = node(value, depth: depth + 1) else { continue }
            members.append(SourceNode.Member(key: name.string, keyPlace: place, value: value))
        }
        return members
    }

    private mutating func scalar(_ scalar: Node.Scalar, at place: SourcePlace) -> SourceNode? {
        refuse(tag: scalar.tag, standard: .str, at: place)
        guard !scalar.string.unicodeScalars.contains("\0") else {
            report(place, "the character U+0000 is not taken")
            return nil
        }
        let length = scalar.string.unicodeScalars.count
        switch scalar.style {
        case .singleQuoted, .doubleQuoted:
            return SourceNode(.scalar(.string(scalar.string)), at: place, length: length + 2, quote: 1)
        case .literal, .folded:
            return SourceNode(.scalar(.string(scalar.string)), at: place)
        case .any, .plain:
            do {
                let value = try PlainScalar.value(of: scalar.string)
                return SourceNode(.scalar(value), at: place, length: max(1, length))
            } catch PlainScalar.Refusal.tooLarge {
                report(place, length: length, "the number does not fit into 64 bits", hint: "quote it to make it text")
            } catch {
                report(place, length: length, "JSON has no such number", hint: "quote it to make it text")
            }
            return nil
        }
    }

    private mutating func refuse(tag: Tag, standard: Tag.Name, at place: SourcePlace) {
        let name = tag.rawValue
        guard name != Tag.Name.implicit.rawValue, name != standard.rawValue else { return }
        report(place, "tags are not supported: \(name)")
    }
}
