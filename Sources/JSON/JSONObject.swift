/// The members of a JSON object, in the order in which they were written. Two objects with the same members are equal,
/// whatever their order.
public struct JSONObject: Sendable {
    private var entries: [Element]
    /// Positions by key; kept only where a search from the front would cost more.
    private var positions: [ExactKey: Int]?

    private static let searched = 8

    public init() { entries = [] }

    /// Of a key that stands twice, the last value counts.
    public init(_ members: [(String, JSONValue)]) {
        entries = []
        entries.reserveCapacity(members.count)
        for (key, value) in members { self[key] = value }
    }

    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { entries[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?):
                entries[position].value = value
            case (let position?, nil):
                entries.remove(at: position)
                index()
            case (nil, let value?):
                append(key, value)
            case (nil, nil):
                break
            }
        }
    }

    public var keys: some Collection<String> { entries.lazy.map(\.key) }

    /// Adds a member whose key is known to be new.
    mutating func append(_ key: String, _ value: JSONValue) {
        entries.append((key, value))
        if positions != nil {
            positions?[ExactKey(text: key)] = entries.count - 1
        } else if entries.count > Self.searched {
            index()
        }
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[ExactKey(text: key)] }
        return entries.firstIndex { ExactKey(text: $0.key) == ExactKey(text: key) }
    }

    private mutating func index() {
        guard entries.count > Self.searched else {
            positions = nil
            return
        }
        positions = Dictionary(
            zip(entries.lazy.map { ExactKey(text: $0.key) }, entries.indices), uniquingKeysWith: { first, _ in first })
    }
}

extension JSONObject: RandomAccessCollection {
    public typealias Element = (key: String, value: JSONValue)

    public var startIndex: Int { 0 }
    public var endIndex: Int { entries.count }
    public subscript(position: Int) -> Element { entries[position] }
}

extension JSONObject: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        hasher.combine(
            reduce(0) { sum, member in
                var one = Hasher()
                one.combine(member.key)
                one.combine(member.value)
                return sum &+ one.finalize()
            })
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// A key by its bytes: to Swift two strings are equal when they look alike, to JSON when their code points are the same.
private struct ExactKey: Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
