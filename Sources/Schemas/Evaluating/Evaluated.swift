/// The members of an object, or the elements of an array, that successful schemas have looked at: what the
/// `unevaluated…` keywords leave out.
struct Evaluated {
    private(set) var marks: [Bool]

    init(of instance: ExactJSON) {
        switch instance {
        case .array(let elements): marks = Array(repeating: false, count: elements.count)
        case .object(let members): marks = Array(repeating: false, count: members.count)
        case .null, .bool, .number, .string: marks = []
        }
    }

    mutating func mark(_ index: Int) { marks[index] = true }

    mutating func mark(_ range: Range<Int>) { for index in range { marks[index] = true } }

    mutating func formUnion(_ other: Evaluated) {
        for index in marks.indices where other.marks[index] { marks[index] = true }
    }
}
