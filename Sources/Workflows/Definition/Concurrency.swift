import JSON

/// How many runs, or steps, of one key may be under way at once, as a definition says it.
public struct Concurrency: Hashable, Sendable {
    /// A template; those whose keys are equal share the limit. Without one, all of the workflow (or of the step) do.
    public var key: String?
    /// At least 1.
    public var limit: Int32
    public var onConflict: ConflictPolicy
    public var scope: LimitScope

    public static let limits: ClosedRange<Int64> = 1...1_000_000

    public init(
        key: String? = nil, limit: Int32, onConflict: ConflictPolicy = .queue, scope: LimitScope = .workflow
    ) {
        self.key = key
        self.limit = limit
        self.onConflict = onConflict
        self.scope = scope
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = []
        if let key { members.append(("key", .string(key))) }
        members.append(("limit", .int(Int64(limit))))
        if onConflict != .queue { members.append(("on_conflict", .string(onConflict.rawValue))) }
        if scope != .workflow { members.append(("scope", .string(scope.rawValue))) }
        return .object(members)
    }
}

/// What becomes of a run that finds no slot.
public enum ConflictPolicy: String, Sendable, CaseIterable {
    /// It waits for one.
    case queue
    /// The oldest runs that have one are cancelled; it waits until they have ended.
    case cancelRunning = "cancel_running"
    /// It is not started.
    case reject
}

/// Who shares a key.
public enum LimitScope: String, Sendable, CaseIterable {
    /// Runs of the same workflow, whatever its version.
    case workflow
    /// All runs of the tenant whose limits have this scope.
    case tenant
}
