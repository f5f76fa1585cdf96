/// Why a schema cannot be compiled: every problem at once, at most `SchemaError.most`.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [SchemaProblem]

    public static let most = 100

    public init(problems: [SchemaProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One problem of a schema and its place.
public struct SchemaProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// For programs; stable.
    public enum Code: String, Hashable, Sendable {
        /// A keyword's value is not what the keyword takes.
        case invalidKeyword = "invalid_keyword"
        /// A keyword that is nearly a known one.
        case misspeltKeyword = "misspelt_keyword"
        /// A reference to what is not there.
        case unresolvedReference = "unresolved_reference"
        /// References that lead back to where they began, without looking at a part of the instance.
        case endlessReference = "endless_reference"
        /// The same `$id` or `$anchor` twice.
        case duplicateIdentifier = "duplicate_identifier"
        /// A `$schema` that is neither supported nor among the resources.
        case unsupportedDialect = "unsupported_dialect"
        /// A vocabulary that a metaschema requires and nobody here knows.
        case unsupportedVocabulary = "unsupported_vocabulary"
        /// A regular expression that is wrong, or too large.
        case invalidPattern = "invalid_pattern"
        /// A resource that is there and cannot be read.
        case unreadableResource = "unreadable_resource"
        case tooLarge = "too_large"
    }

    public var code: Code
    /// The URI of the document; empty for the one that was to be compiled.
    public var document: String
    /// JSON pointer (RFC 6901) of the place in the document.
    public var pointer: String
    public var message: String
    /// What to do about it: `did you mean "type"?`.
    public var hint: String?

    public init(
        _ code: Code, document: String = "", pointer: String, message: String, hint: String? = nil
    ) {
        self.code = code
        self.document = document
        self.pointer = pointer
        self.message = message
        self.hint = hint
    }

    /// The keys and indices that lead to the place in the document.
    public var path: [String] { JSONPointer.tokens(pointer) ?? [] }

    public var place: String { "\(document)#\(pointer)" }
    /// The message with its hint.
    public var text: String { hint.map { "\(message); \($0)" } ?? message }
    public var description: String { "\(place): \(text)" }
}
