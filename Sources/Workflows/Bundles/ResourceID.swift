/// What a bundle can declare. Raw values are the database's.
public enum ResourceKind: Int16, Sendable, CaseIterable {
    case queue = 1
    /// A limit of runs.
    case runLimit = 2
    /// A limit of steps.
    case stepLimit = 3
    case workflow = 4

    /// As the API writes it.
    public var text: String {
        switch self {
        case .queue: "queue"
        case .runLimit: "run_limit"
        case .stepLimit: "step_limit"
        case .workflow: "workflow"
        }
    }

    /// For people.
    var words: String {
        switch self {
        case .queue: "queue"
        case .runLimit: "limit of runs"
        case .stepLimit: "limit of steps"
        case .workflow: "workflow"
        }
    }
}

/// A declared thing within its tenant. Ordered by kind and name: queues and limits before the workflows that use them.
public struct ResourceID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var kind: ResourceKind
    public var name: String

    public init(_ kind: ResourceKind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    public var description: String { "\(kind.words) \"\(name)\"" }

    public static func < (left: Self, right: Self) -> Bool {
        (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }
}

/// Names of workflows, queues and bundles: parts of small letters, digits and `-_.`, separated by slashes (`team/etl`).
public enum ResourceName {
    public static let longest = 200

    /// Whether this may name something.
    public static func isValid(_ name: String) -> Bool {
        let scalars = name.unicodeScalars
        return (1...longest).contains(scalars.count)
            && scalars.allSatisfy { isAlphanumeric($0) || isMark($0) || $0 == "/" }
            && scalars.first.map { isAlphanumeric($0) || $0 == "_" } ?? false
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }

    private static func isAlphanumeric(_ scalar: UnicodeScalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func isMark(_ scalar: UnicodeScalar) -> Bool { scalar == "-" || scalar == "_" || scalar == "." }
}
