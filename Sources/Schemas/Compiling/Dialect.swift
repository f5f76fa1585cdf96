/// What the keywords of a schema resource mean: the edition of JSON Schema, and its vocabularies.
struct Dialect: Hashable, Sendable {
    enum Edition: Hashable, Sendable {
        case draft2020
        /// Supported as far as its keywords differ: arrays in `items`, `$recursiveRef`.
        case draft2019
        /// Drafts 6 and 7: besides, `$ref` hides its siblings, and a fragment in `$id` is an anchor.
        case draft7
    }

    var edition: Edition
    var vocabularies: Set<Vocabulary>

    static let standard = Dialect(edition: .draft2020, vocabularies: Vocabulary.standard)

    /// The dialect of a published metaschema.
    init?(uri: String) {
        switch uri {
        case "https://json-schema.org/draft/2020-12/schema": self = .standard
        case "https://json-schema.org/draft/2019-09/schema":
            self.init(edition: .draft2019, vocabularies: Vocabulary.standard)
        case "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema":
            self.init(edition: .draft7, vocabularies: Vocabulary.standard)
        default: return nil
        }
    }

    init(edition: Edition, vocabularies: Set<Vocabulary>) {
        self.edition = edition
        self.vocabularies = vocabularies
    }
}

/// A set of keywords that a metaschema names in `$vocabulary`.
enum Vocabulary: String, Hashable, Sendable, CaseIterable {
    case core, applicator, unevaluated, validation
    case metaData = "meta-data"
    case formatAnnotation = "format-annotation"
    case formatAssertion = "format-assertion"
    case content

    /// Those of the standard metaschema.
    static let standard = Set(allCases).subtracting([.formatAssertion])

    init?(uri: String) {
        for edition in ["2020-12", "2019-09"] {
            let prefix = "https://json-schema.org/draft/\(edition)/vocab/"
            guard uri.hasPrefix(prefix) else { continue }
            let name = String(uri.dropFirst(prefix.count))
            guard let vocabulary = name == "format" ? .formatAnnotation : Vocabulary(rawValue: name) else { return nil }
            self = vocabulary
            return
        }
        return nil
    }
}
