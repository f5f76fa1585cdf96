/// One immutable version of a workflow, by its internal number.
public struct FlowVersionID: Hashable, Sendable {
    public var value: Int64

    public init(_ value: Int64) { self.value = value }
}
