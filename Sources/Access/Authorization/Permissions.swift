/// A set of actions in one word.
public struct Permissions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ actions: some Sequence<Action>) {
        rawValue = actions.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// Every action there is.
    public static let all = Self(Action.allCases)

    @inline(__always)
    public func contains(_ action: Action) -> Bool { rawValue & 1 << UInt64(action.rawValue) != 0 }

    /// The actions, in the order of the table.
    public var actions: [Action] { Action.allCases.filter { contains($0) } }
}
