/// Where documents come from that a schema names by URI. There is no network behind it.
public protocol SchemaResources: Sendable {
    /// The document of an absolute URI without fragment; `nil` when there is none.
    ///
    /// - Throws: The reason why a document that is there cannot be read.
    func document(at uri: String) throws(SchemaResourceError) -> ExactJSON?
}

/// A document that is there and cannot be read.
public struct SchemaResourceError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}

/// Documents by their URIs; without any, only the metaschemas are known.
public struct KnownResources: SchemaResources {
    private let documents: [String: ExactJSON]

    public init(_ documents: [String: ExactJSON] = [:]) { self.documents = documents }

    public func document(at uri: String) -> ExactJSON? { documents[uri] }
}
