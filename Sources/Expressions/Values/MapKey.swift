/// A key of a map, so that keys which are equal by the language are equal here: numbers by their value, texts by their
/// code points.
enum MapKey: Sendable {
    case bool(Bool)
    case integer(Int64)
    /// Beyond the greatest `int`.
    case large(UInt64)
    case text(String)

    /// A key that a map may hold; `nil` for a value of another type.
    init?(_ value: Value) {
        switch value {
        case .bool(let truth): self = .bool(truth)
        case .int(let number): self = .integer(number)
        case .uint(let number): self = Int64(exactly: number).map { .integer($0) } ?? .large(number)
        case .string(let text): self = .text(text)
        case .null, .double, .bytes, .list, .map, .timestamp, .duration, .type, .optional: return nil
        }
    }

    /// What a value looks for in a map: a double that is a whole number finds that number.
    init?(lookup value: Value) {
        guard case .double(let number) = value else {
            self.init(value)
            return
        }
        if let integer = Int64(exactly: number) {
            self = .integer(integer)
        } else if let large = UInt64(exactly: number) {
            self = .large(large)
        } else {
            return nil
        }
    }

    /// As a key of a JSON object.
    var name: String {
        switch self {
        case .bool(let truth): truth ? "true" : "false"
        case .integer(let number): String(number)
        case .large(let number): String(number)
        case .text(let text): text
        }
    }
}

extension MapKey: Hashable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.large(let left), .large(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bool, _), (.integer, _), (.large, _), (.text, _): false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .bool(let truth): hasher.combine(truth)
        case .integer(let number): hasher.combine(number)
        case .large(let number): hasher.combine(number)
        case .text(let text):
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }
}
