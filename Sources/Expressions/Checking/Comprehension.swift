/// A macro that goes through the elements of a list or the entries of a map.
struct Comprehension: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case all
        case exists
        case existsOne
        case map
        case filter
        case transformList
        case transformMap
        case transformMapEntry
        case sortBy
    }

    var kind: Kind
    /// The list or map.
    var range: Node
    /// With one variable it is the element, or the key of the entry; with two, index and element, or key and value.
    var variableCount: Int
    /// Which elements `map` and the `transform…` macros take.
    var filter: Node?
    var body: Node
    var place: Place
}

extension Comprehension.Kind {
    /// The macro of this name.
    init?(macro name: String) {
        if name == "exists_one" {
            self = .existsOne
        } else if let kind = Self(rawValue: name) {
            self = kind
        } else {
            return nil
        }
    }

    /// Variables that it takes, and whether a filter may stand between them and the body.
    func form(arguments: Int) -> (variables: Int, hasFilter: Bool)? {
        switch (self, arguments) {
        case (.all, 2), (.exists, 2), (.existsOne, 2), (.map, 2), (.filter, 2), (.sortBy, 2): (1, false)
        case (.map, 3): (1, true)
        case (.all, 3), (.exists, 3), (.existsOne, 3), (.transformList, 3), (.transformMap, 3),
            (.transformMapEntry, 3):
            (2, false)
        case (.transformList, 4), (.transformMap, 4), (.transformMapEntry, 4): (2, true)
        default: nil
        }
    }
}
