public import JSON

/// A limit as a bundle, or an operator, declares it: how many runs or steps whose `concurrency` has this key and the
/// tenant's scope may be under way at once. It counts before what definitions say.
public struct LimitDeclaration: Hashable, Sendable {
    /// The text of the key.
    public var name: String
    public var unit: LimitedUnit
    public var slots: Int32

    /// 0 lets nothing start.
    public static let slotCounts: ClosedRange<Int32> = 0...1_000_000
    /// Bytes of a key.
    public static let nameLengths = 1...200

    public init(name: String, unit: LimitedUnit, slots: Int32) {
        self.name = name
        self.unit = unit
        self.slots = slots
    }

    public var id: ResourceID { ResourceID(unit.kind, name) }

    public var json: JSONValue {
        ["name": .string(name), "of": .string(unit.rawValue), "slots": .int(Int64(slots))]
    }

    /// Whether a key may be named so: text of 1 to 200 bytes without control characters.
    public static func isValid(name: String) -> Bool {
        nameLengths.contains(name.utf8.count) && !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }
}

/// What takes the slots of a limit.
public enum LimitedUnit: String, Sendable, CaseIterable {
    case runs
    case steps

    public var kind: ResourceKind {
        switch self {
        case .runs: .runLimit
        case .steps: .stepLimit
        }
    }
}
