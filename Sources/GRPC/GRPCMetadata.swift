public import HTTP

/// Metadata of a call: fields that are the application's own. A name that ends in `-bin` has bytes as its value.
public struct GRPCMetadata: Sendable, Equatable {
    /// The fields as they stand on the wire.
    public var fields: HTTPFields

    /// No metadata.
    public init() { fields = HTTPFields() }

    /// Metadata among the fields of a request or response.
    public init(fields: HTTPFields) { self.fields = fields }

    /// The first text value of `name`.
    public subscript(name: String) -> String? {
        get { fields[name] }
        set { fields[name] = newValue }
    }

    /// All values of a binary name, in order; values that are not Base64 are left out.
    public func binary(_ name: String) -> [[UInt8]] {
        fields.values(of: name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .compactMap { Base64.decode($0.drop { $0 == " " }) }
    }

    /// Adds a text value; the name must not end in `-bin`.
    public mutating func append(_ name: String, _ value: String) {
        precondition(!name.hasSuffix("-bin"), "\(name) has binary values")
        fields.append(name, value)
    }

    /// Adds a binary value; the name must end in `-bin`.
    public mutating func append(_ name: String, binary value: [UInt8]) {
        precondition(name.hasSuffix("-bin"), "\(name) has text values")
        fields.append(name, Base64.encode(value))
    }

    /// Whether there is none.
    public var isEmpty: Bool { fields.isEmpty }
}
