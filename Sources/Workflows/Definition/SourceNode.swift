import JSON

/// A value of a definition and where it stands, whichever of YAML and JSON it was written in.
struct SourceNode: Sendable {
    enum Content: Sendable {
        /// `null`, a boolean, a number or a string.
        case scalar(JSONValue)
        case sequence([SourceNode])
        case mapping([Member])
    }

    struct Member: Sendable {
        var key: String
        var keyPlace: SourcePlace
        var value: SourceNode
    }

    var content: Content
    var place: SourcePlace
    /// Unicode scalars in its line: of a scalar that fits in one line.
    var length: Int
    /// 1 when the place is that of an opening quote.
    var quote = 0

    /// Without a place: of what was stored, not written by a person.
    init(_ value: JSONValue) {
        place = SourcePlace(line: 1, column: 1)
        length = 1
        switch value {
        case .null, .bool, .int, .double, .string: content = .scalar(value)
        case .array(let elements): content = .sequence(elements.map { SourceNode($0) })
        case .object(let object):
            let place = place
            content = .mapping(
                object.map { Member(key: $0.key, keyPlace: place, value: SourceNode($0.value)) })
        }
    }

    init(_ content: Content, at place: SourcePlace, length: Int = 1, quote: Int = 0) {
        self.content = content
        self.place = place
        self.length = length
        self.quote = quote
    }

    /// The value without its places.
    var value: JSONValue {
        switch content {
        case .scalar(let value): value
        case .sequence(let elements): .array(elements.map(\.value))
        case .mapping(let members): .object(members.map { ($0.key, $0.value.value) })
        }
    }

    /// What a message calls it.
    var typeName: String {
        switch content {
        case .scalar(let value): value.typeName
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    subscript(key: String) -> SourceNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    subscript(index: Int) -> SourceNode? {
        guard case .sequence(let elements) = content, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
