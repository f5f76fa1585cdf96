/// A value that may be absent: what `a.?b` and `optional.of(x)` give.
public struct OptionalValue: Sendable, Hashable {
    private indirect enum Storage: Sendable, Hashable {
        case none
        case some(Value)
    }

    private let storage: Storage

    public init(_ value: Value?) { storage = value.map { .some($0) } ?? .none }

    public static let none = OptionalValue(nil)

    public var value: Value? {
        switch storage {
        case .none: nil
        case .some(let value): value
        }
    }

    var depth: Int { 1 + (value?.depth ?? 0) }
}
