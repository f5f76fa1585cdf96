public import JSON

/// The entries of a map in the order in which they were written. Keys are `int`, `uint`, `bool` or `string`; numbers of
/// the same value are the same key, whatever their types.
public struct MapValue: Sendable {
    public typealias Entry = (key: Value, value: Value)

    private enum Storage: Sendable {
        case entries([Entry])
        /// An object as it came: what nobody reads is never converted.
        case json(JSONObject)
    }

    private var storage: Storage
    /// Positions by key; kept only where a search from the front would cost more.
    private var positions: [MapKey: Int]?
    /// This map and the lists, maps and optionals in it, within one another.
    private(set) var depth: Int

    private static let searched = 8

    public init() {
        storage = .entries([])
        depth = 1
    }

    public init(json object: JSONObject) {
        storage = .json(object)
        depth = JSONLimits.standard.depth
    }

    /// `nil` when a key stands twice or is of a type that keys cannot have.
    public init?(_ entries: [Entry]) {
        self.init()
        for entry in entries { guard insert(entry.key, entry.value) else { return nil } }
    }

    /// The object that it came as.
    var json: JSONObject? {
        guard case .json(let object) = storage else { return nil }
        return object
    }

    /// The value of a key that is equal by the language: `1`, `1u` and `1.0` find the same.
    public func value(for key: Value) -> Value? {
        switch storage {
        case .json(let object):
            guard case .string(let name) = key else { return nil }
            return object[name].map { Value($0) }
        case .entries(let entries):
            guard let wanted = MapKey(lookup: key) else { return nil }
            if let positions { return positions[wanted].map { entries[$0].value } }
            return entries.first { MapKey($0.key) == wanted }?.value
        }
    }

    /// Adds an entry. `false` when the key is there already, or is of a type that keys cannot have.
    mutating func insert(_ key: Value, _ value: Value) -> Bool {
        guard case .entries(var entries) = storage, let name = MapKey(key) else { return false }
        if let positions {
            guard positions[name] == nil else { return false }
        } else if entries.contains(where: { MapKey($0.key) == name }) {
            return false
        }
        // The storage lets go of its entries, so that they are not copied.
        storage = .entries([])
        entries.append((key, value))
        if positions != nil {
            positions?[name] = entries.count - 1
        } else if entries.count > Self.searched {
            var index: [MapKey: Int] = [:]
            for (position, entry) in entries.enumerated() {
                if let key = MapKey(entry.key) { index[key] = position }
            }
            positions = index
        }
        storage = .entries(entries)
        depth = Swift.max(depth, value.depth + 1)
        return true
    }
}

extension MapValue: RandomAccessCollection {
    public var startIndex: Int { 0 }

    public var endIndex: Int {
        switch storage {
        case .entries(let entries): entries.count
        case .json(let object): object.count
        }
    }

    public subscript(position: Int) -> Entry {
        switch storage {
        case .entries(let entries): return entries[position]
        case .json(let object):
            let member = object[position]
            return (.string(member.key), Value(member.value))
        }
    }
}

extension MapValue: Hashable {
    /// Whatever the order; keys of different types are different.
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count
            && left.allSatisfy { entry in
                right.contains { $0.key == entry.key && $0.value == entry.value }
            }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        var sum = 0
        for entry in self {
            var one = Hasher()
            one.combine(entry.key)
            one.combine(entry.value)
            sum ^= one.finalize()
        }
        hasher.combine(sum)
    }
}
