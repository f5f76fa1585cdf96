public import JSON

/// Where an expression finds its names.
public protocol ExpressionScope {
    /// The value of a root, or of a root and the first segments of its path, so that a scope need not build the trees
    /// that nobody reads. `nil` when there is none.
    func resolve(_ reference: Reference) throws(ExpressionError) -> Resolved?

    /// The JSON text of what a reference names, where the scope has it as text: it is then passed on with no tree built.
    func text(of reference: Reference) -> [UInt8]?

    /// The time zones that functions of timestamps know.
    var timeZones: TimeZones { get }
}

extension ExpressionScope {
    public func text(of reference: Reference) -> [UInt8]? { nil }

    public var timeZones: TimeZones { .fixedOnly }
}

/// A value from a scope.
public struct Resolved: Sendable {
    public var value: Value
    /// Segments of the reference's path that led to it.
    public var consumed: Int

    public init(_ json: JSONValue, consumed: Int = 0) { self.init(value: Value(json), consumed: consumed) }

    public init(value: Value, consumed: Int = 0) {
        self.value = value
        self.consumed = consumed
    }
}

/// A scope of given values.
public struct ValueScope: ExpressionScope, Sendable {
    private let values: [String: Value]
    public let timeZones: TimeZones

    public init(_ values: [String: JSONValue] = [:]) { self.init(values: values.mapValues { Value($0) }) }

    public init(values: [String: Value], timeZones: TimeZones = .fixedOnly) {
        self.values = values
        self.timeZones = timeZones
    }

    public func resolve(_ reference: Reference) -> Resolved? { values[reference.root].map { Resolved(value: $0) } }
}
