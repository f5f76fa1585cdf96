/// A tenant by its internal number, with which every key begins.
public struct TenantID: Hashable, Comparable, Sendable {
    public var value: Int32

    public init(_ value: Int32) { self.value = value }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
