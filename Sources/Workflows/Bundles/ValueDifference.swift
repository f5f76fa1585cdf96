public import JSON

/// One place at which two values differ. Lists of things that have an id or a name are compared by it, so that a step
/// that was put in at the front changes one step and not all.
public struct ValueDifference: Hashable, Sendable {
    /// `steps[extract].timeout`; empty for the whole.
    public var path: String
    /// `nil`: there was nothing.
    public var before: JSONValue?
    /// `nil`: there is nothing any more.
    public var after: JSONValue?

    public init(path: String, before: JSONValue?, after: JSONValue?) {
        self.path = path
        self.before = before
        self.after = after
    }

    /// Everything in which two values differ, in the order of the later one.
    public static func between(_ before: JSONValue, _ after: JSONValue) -> [ValueDifference] {
        var found: [ValueDifference] = []
        compare(before, after, at: "", into: &found)
        return found
    }

    private static func compare(
        _ before: JSONValue, _ after: JSONValue, at path: String, into found: inout [ValueDifference]
    ) {
        guard before != after else { return }
        switch (before, after) {
        case (.object(let old), .object(let new)):
            compare(
                old.map { ($0.key, $0.value) }, new.map { ($0.key, $0.value) },
                path: { path.isEmpty ? $0 : "\(path).\($0)" }, into: &found)
        case (.array(let old), .array(let new)):
            guard let oldNames = names(old), let newNames = names(new), !(oldNames.isEmpty && newNames.isEmpty) else {
                found.append(ValueDifference(path: path, before: before, after: after))
                return
            }
            compare(
                Array(zip(oldNames, old)), Array(zip(newNames, new)), path: { "\(path)[\($0)]" }, into: &found)
            let kept = Set(oldNames).intersection(newNames)
            let oldOrder = oldNames.filter(kept.contains)
            let newOrder = newNames.filter(kept.contains)
            if oldOrder != newOrder {
                found.append(
                    ValueDifference(
                        path: "\(path) (order)", before: .array(oldOrder.map { .string($0) }),
                        after: .array(newOrder.map { .string($0) })))
            }
        default: found.append(ValueDifference(path: path, before: before, after: after))
        }
    }

    private static func compare(
        _ before: [(String, JSONValue)], _ after: [(String, JSONValue)], path: (String) -> String,
        into found: inout [ValueDifference]
    ) {
        let old = Dictionary(before, uniquingKeysWith: { first, _ in first })
        let new = Set(after.map(\.0))
        for (key, value) in before where !new.contains(key) {
            found.append(ValueDifference(path: path(key), before: value, after: nil))
        }
        for (key, value) in after {
            if let known = old[key] {
                compare(known, value, at: path(key), into: &found)
            } else {
                found.append(ValueDifference(path: path(key), before: nil, after: value))
            }
        }
    }

    /// What the elements are called, when each has another id or name.
    private static func names(_ elements: [JSONValue]) -> [String]? {
        var names: [String] = []
        for element in elements {
            guard let name = element["id"]?.stringValue ?? element["name"]?.stringValue else { return nil }
            names.append(name)
        }
        return Set(names).count == names.count ? names : nil
    }
}
