/// A schema's place: a document and a JSON pointer into it.
struct SchemaPlace: Hashable, Sendable {
    var document: Int
    var pointer: String

    func appending(_ token: String) -> SchemaPlace {
        SchemaPlace(document: document, pointer: JSONPointer.appending(token, to: pointer))
    }

    func appending(_ index: Int) -> SchemaPlace { SchemaPlace(document: document, pointer: "\(pointer)/\(index)") }
}

/// The documents that a schema reaches, and the schema resources in them by URI and anchor.
struct SchemaIndex {
    struct Document {
        var value: ExactJSON
        /// Empty for the document that is being compiled.
        var uri: String
    }

    /// A schema with a base URI of its own (core specification, section 4.3.5).
    struct Resource {
        var base: URIReference
        var root: SchemaPlace
        var dialect: Dialect
        /// Pointers by name.
        var anchors: [String: String] = [:]
        var dynamicAnchors: [String: String] = [:]
    }

    /// The name under which `$recursiveAnchor` of draft 2019-09 stands among the dynamic anchors; no anchor can have it.
    static let recursiveAnchor = "$recursiveAnchor"
    /// Bounds the memory of schemas that pull in others.
    static let mostDocuments = 1000

    let resourcesByName: any SchemaResources
    private(set) var documents: [Document] = []
    private(set) var resources: [Resource] = []
    private var resourceByURI: [String: Int] = [:]
    private var resourceByRoot: [SchemaPlace: Int] = [:]
    private var visited: Set<SchemaPlace> = []
    private var fetched: [String: ExactJSON] = [:]
    private(set) var problems: [SchemaProblem] = []

    init(_ resources: any SchemaResources) { resourcesByName = resources }

    mutating func report(_ code: SchemaProblem.Code, _ place: SchemaPlace, _ message: String, hint: String? = nil) {
        guard problems.count < SchemaError.most else { return }
        problems.append(
            SchemaProblem(
                code, document: documents[place.document].uri, pointer: place.pointer, message: message, hint: hint))
    }

    /// Adds a document that was found at a URI, and finds the resources in it.
    mutating func add(_ value: ExactJSON, uri: URIReference, isMain: Bool = false) -> Int {
        let root = SchemaPlace(document: documents.count, pointer: "")
        documents.append(Document(value: value, uri: isMain ? "" : uri.text))
        let resource = addResource(Resource(base: uri, root: root, dialect: .standard))
        resourceByURI[uri.text] = resource
        walk(value, at: root, in: resource)
        return resourceByRoot[root] ?? resource
    }

    private mutating func addResource(_ resource: Resource) -> Int {
        resources.append(resource)
        resourceByRoot[resource.root] = resources.count - 1
        return resources.count - 1
    }

    // MARK: - Finding resources and anchors

    private mutating func walk(_ value: ExactJSON, at place: SchemaPlace, in resource: Int) {
        var waiting = [(value: value, place: place, resource: resource)]
        while let (value, place, outer) = waiting.popLast() {
            guard case .object(let members) = value, visited.insert(place).inserted else { continue }
            let resource = identify(members, at: place, in: outer)
            for (key, value) in members {
                let child = place.appending(key)
                switch (SchemaKeyword.all[key]?.shape ?? .none, value) {
                case (.schema, .object), (.schemaOrList, .object): waiting.append((value, child, resource))
                case (.list, .array(let elements)), (.schemaOrList, .array(let elements)):
                    for (index, element) in elements.enumerated() {
                        waiting.append((element, child.appending(index), resource))
                    }
                case (.map, .object(let entries)):
                    for (name, entry) in entries { waiting.append((entry, child.appending(name), resource)) }
                case (.none, _), (.schema, _), (.list, _), (.map, _), (.schemaOrList, _): break
                }
            }
        }
    }

    /// The resource that a schema belongs to: a new one where it has an `$id`.
    private mutating func identify(_ members: ExactObject, at place: SchemaPlace, in outer: Int) -> Int {
        var resource = outer
        let isDocument = place.pointer.isEmpty
        var dialect = resources[outer].dialect
        if case .string(let uri)? = members["$schema"], isDocument || members["$id"] != nil {
            dialect = self.dialect(uri, at: place.appending("$schema"), steps: 0)
        }
        if isDocument { resources[resource].dialect = dialect }
        let hidesSiblings = dialect.edition == .draft7 && members["$ref"] != nil
        if case .string(let id)? = members["$id"], !hidesSiblings {
            let reference = URIReference(id)
            if dialect.edition == .draft7, let fragment = reference.fragment, !fragment.isEmpty {
                if id.utf8.first == UInt8(ascii: "#") { resources[resource].anchors[fragment] = place.pointer }
            } else {
                resource = addIdentified(reference, at: place, in: outer, dialect)
            }
        }
        if let id = members["$id"], id.stringValue == nil {
            report(.invalidKeyword, place.appending("$id"), "$id must be text, not \(id.excerpt)")
        }
        if !hidesSiblings { addAnchors(members, at: place, in: resource) }
        return resource
    }

    private mutating func addIdentified(
        _ reference: URIReference, at place: SchemaPlace, in outer: Int, _ dialect: Dialect
    ) -> Int {
        if let fragment = reference.fragment, !fragment.isEmpty {
            report(
                .invalidKeyword, place.appending("$id"),
                "an $id has no fragment; name the place by \"$anchor\": \"\(fragment)\"")
        }
        let base = reference.withoutFragment.resolved(against: resources[outer].base)
        if let known = resourceByURI[base.text], resources[known].root != place {
            // The same document may have been fetched under another name; within one document it is a mistake.
            if resources[known].root.document == place.document {
                report(
                    .duplicateIdentifier, place.appending("$id"),
                    "two schemas have the identifier \"\(base.text)\"; each needs its own")
            }
        }
        let resource: Int
        if resources[outer].root == place {
            resource = outer
            resources[outer].base = base
        } else {
            resource = addResource(Resource(base: base, root: place, dialect: dialect))
        }
        if resourceByURI[base.text] == nil { resourceByURI[base.text] = resource }
        return resource
    }

    private mutating func addAnchors(_ members: ExactObject, at place: SchemaPlace, in resource: Int) {
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let value = members[keyword] else { continue }
            let here = place.appending(keyword)
            guard case .string(let name) = value, Self.isAnchor(name) else {
                report(
                    .invalidKeyword, here,
                    "\(keyword) must be a letter or _, then letters, digits, -, _ and points, not \(value.excerpt)")
                continue
            }
            if let other = resources[resource].anchors[name], other != place.pointer {
                report(.duplicateIdentifier, here, "the anchor \"\(name)\" stands at #\(other) too; each needs its own")
            }
            resources[resource].anchors[name] = place.pointer
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = place.pointer }
        }
        if members["$recursiveAnchor"] == .bool(true), resources[resource].root == place,
            resources[resource].dialect.edition == .draft2019
        {
            resources[resource].dynamicAnchors[Self.recursiveAnchor] = place.pointer
        }
    }

    private static func isAnchor(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first.isASCIILetter || first == "_" else { return false }
        return name.unicodeScalars.allSatisfy {
            $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" || $0 == "_" || $0 == "."
        }
    }

    // MARK: - Dialects

    private mutating func dialect(_ uri: String, at place: SchemaPlace, steps: Int) -> Dialect {
        let uri = URIReference(uri).withoutFragment.text
        if let known = Dialect(uri: uri) { return known }
        guard steps < 8, let metaschema = document(at: uri, for: place) else {
            report(
                .unsupportedDialect, place,
                """
                the dialect "\(uri)" is not known here; supported are https://json-schema.org/draft/2020-12/schema, \
                mostly draft 2019-09, 7 and 6, and metaschemas among the resources
                """)
            return .standard
        }
        var dialect = Dialect.standard
        if case .string(let next)? = metaschema["$schema"], URIReference(next).withoutFragment.text != uri {
            dialect = self.dialect(next, at: place, steps: steps + 1)
        }
        guard case .object(let vocabularies)? = metaschema["$vocabulary"] else {
            return Dialect(edition: dialect.edition, vocabularies: Vocabulary.standard)
        }
        dialect.vocabularies = [.core]
        for (name, isRequired) in vocabularies {
            if let vocabulary = Vocabulary(uri: name) {
                dialect.vocabularies.insert(vocabulary)
            } else if isRequired == .bool(true) {
                report(
                    .unsupportedVocabulary, place,
                    "the metaschema \"\(uri)\" requires the vocabulary \"\(name)\", which is not known here")
            }
        }
        return dialect
    }

    // MARK: - Finding places

    /// A document that is no part of the index yet.
    private mutating func document(at uri: String, for place: SchemaPlace) -> ExactJSON? {
        if let known = fetched[uri] ?? Metaschemas.document(at: uri) { return known }
        do {
            let document = try resourcesByName.document(at: uri)
            if let document { fetched[uri] = document }
            return document
        } catch {
            report(.unreadableResource, place, "\"\(uri)\" cannot be read: \(error)")
            return nil
        }
    }

    /// The resource of a URI without fragment: indexed, or fetched now.
    private mutating func resource(at uri: URIReference, for place: SchemaPlace) -> Int? {
        if let known = resourceByURI[uri.text] { return known }
        guard documents.count < Self.mostDocuments else {
            report(.tooLarge, place, "the schema reaches more than \(Self.mostDocuments) documents")
            return nil
        }
        guard let document = document(at: uri.text, for: place) else { return nil }
        return add(document, uri: uri)
    }

    /// Where a reference leads from a place, and the resource there. What does not lead anywhere is reported.
    mutating func target(
        _ text: String, from place: SchemaPlace, in resource: Int
    ) -> (place: SchemaPlace, resource: Int, anchor: String?)? {
        let uri = URIReference(text).resolved(against: resources[resource].base)
        let before = problems.count
        guard let found = self.resource(at: uri.withoutFragment, for: place) else {
            if problems.count == before {
                report(
                    .unresolvedReference, place,
                    "\"\(text)\" names \"\(uri.withoutFragment.text)\", which is not among the resources")
            }
            return nil
        }
        guard let fragment = URIReference.decoded(uri.fragment ?? "") else {
            report(.unresolvedReference, place, "the fragment of \"\(text)\" has a malformed percent escape")
            return nil
        }
        let root = resources[found].root
        if fragment.isEmpty { return (root, found, nil) }
        guard fragment.utf8.first == UInt8(ascii: "/") else {
            guard let pointer = resources[found].anchors[fragment] else {
                report(.unresolvedReference, place, "\"\(text)\": there is no $anchor \"\(fragment)\"")
                return nil
            }
            return (SchemaPlace(document: root.document, pointer: pointer), found, fragment)
        }
        guard let tokens = JSONPointer.tokens(fragment), let value = value(at: root)?.value(at: tokens) else {
            report(.unresolvedReference, place, "\"\(text)\": nothing stands at \(fragment)")
            return nil
        }
        let target = SchemaPlace(document: root.document, pointer: root.pointer + fragment)
        if !visited.contains(target) { walk(value, at: target, in: self.resource(of: target) ?? found) }
        return (target, self.resource(of: target) ?? found, nil)
    }

    func value(at place: SchemaPlace) -> ExactJSON? {
        JSONPointer.tokens(place.pointer).flatMap { documents[place.document].value.value(at: $0) }
    }

    /// The resource whose root is the nearest one above a place, or the place itself.
    func resource(of place: SchemaPlace) -> Int? {
        var pointer: String? = place.pointer
        while let current = pointer {
            if let found = resourceByRoot[SchemaPlace(document: place.document, pointer: current)] { return found }
            pointer = JSONPointer.parent(of: current)
        }
        return nil
    }

    /// The resource that begins at a place.
    func resource(beginningAt place: SchemaPlace) -> Int? { resourceByRoot[place] }
}
