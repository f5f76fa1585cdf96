import JSON

/// A file that can be applied: a bundle, or one workflow.
public struct Manifest: Sendable {
    public enum Content: Sendable {
        case workflow(BundledWorkflow)
        case bundle(Bundle)
    }

    public let content: Content
    /// The file's name, for messages.
    public let file: String
    /// The text as it was given.
    public let source: [UInt8]
    /// Where each thing is declared.
    let places: [ResourceID: DeclaredPlace]
    let text: SourceText

    /// A declaration's place.
    struct DeclaredPlace: Sendable {
        var place: SourcePlace
        var length: Int
    }

    /// Reads YAML or JSON: a mapping with the key `bundle` is a bundle, any other is a workflow.
    ///
    /// - Throws: every problem at once.
    public init(parsing source: [UInt8], file: String) throws(DefinitionError) {
        let text = try SourceText(source, path: file)
        let root = try Workflow.read(text)
        self.file = file
        self.source = source
        self.text = text
        guard Self.isBundle(root) else {
            let workflow = try Workflow(root: root, source: text)
            content = .workflow(BundledWorkflow(workflow, source: source))
            let name = root["name"] ?? root
            places = [
                ResourceID(.workflow, workflow.definition.name): DeclaredPlace(place: name.place, length: name.length)
            ]
            return
        }
        var reader = BundleReader(text)
        let bundle = reader.read(root)
        guard reader.problems.isEmpty else { throw DefinitionError(reader.problems, source: text) }
        content = .bundle(bundle)
        places = reader.places
    }

    /// A mapping with `steps` is a workflow that has lost its name, not a bundle.
    private static func isBundle(_ root: SourceNode) -> Bool {
        if root["bundle"] != nil { return true }
        return root["steps"] == nil && (root["workflows"] != nil || root["queues"] != nil)
    }

    /// Everything that it declares.
    public var declared: Set<ResourceID> { Set(places.keys) }

    public var workflows: [BundledWorkflow] {
        switch content {
        case .workflow(let workflow): [workflow]
        case .bundle(let bundle): bundle.workflows
        }
    }

    public var bundle: Bundle? {
        switch content {
        case .workflow: nil
        case .bundle(let bundle): bundle
        }
    }
}

extension [Manifest] {
    /// Reads files that are applied together; what two of them declare is refused.
    ///
    /// - Throws: every problem of every file at once.
    public init(parsing files: [(name: String, contents: [UInt8])]) throws(DefinitionError) {
        var manifests: [Manifest] = []
        var errors: [DefinitionError] = []
        for file in files {
            do {
                manifests.append(try Manifest(parsing: file.contents, file: file.name))
            } catch {
                errors.append(error)
            }
        }
        errors += Self.doubles(manifests)
        guard errors.isEmpty else { throw DefinitionError(merging: errors) }
        self = manifests
    }

    private static func doubles(_ manifests: [Manifest]) -> [DefinitionError] {
        var first: [ResourceID: String] = [:]
        var bundles: [String: String] = [:]
        var errors: [DefinitionError] = []
        for manifest in manifests {
            var problems: [Diagnostic] = []
            if let name = manifest.bundle?.name, let other = bundles.updateValue(manifest.file, forKey: name) {
                problems.append(
                    Diagnostic(
                        path: manifest.file, line: 1, column: 1, message: "the bundle \"\(name)\" stands in two files",
                        hint: "the other is \(other)"))
            }
            for (id, declared) in manifest.places.sorted(by: { $0.key < $1.key }) {
                guard let other = first.updateValue(manifest.file, forKey: id) else { continue }
                problems.append(
                    Diagnostic(
                        path: manifest.file, line: declared.place.line, column: declared.place.column,
                        length: declared.length, message: "the \(id) is declared twice", hint: "also in \(other)"))
            }
            if !problems.isEmpty { errors.append(DefinitionError(problems, source: manifest.text)) }
        }
        return errors
    }
}
