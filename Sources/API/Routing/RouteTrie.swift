/// Values by method and path pattern; matching costs one look-up a segment, however many routes there are, and one in
/// all where the path is a pattern without parameters.
///
/// A pattern is literal segments and parameters: `/v1/workflows/{name}/versions`. A literal goes before a parameter in
/// the same place; where the literal's node has no such method, the parameter's is tried.
struct RouteTrie<Value: Sendable>: Sendable {
    enum Match {
        case found(Value, parameters: [String: String])
        /// The path exists with these methods.
        case otherMethods([String: Value])
        case nothing
        /// A segment's percent-encoding is broken, or is not UTF-8.
        case malformed
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: (name: String, node: Int)?
        var values: [String: Value] = [:]
    }

    private var nodes = [Node()]
    /// Patterns without parameters.
    private var exact: [Exact: Value] = [:]

    private struct Exact: Hashable, Sendable {
        var method: String
        var path: String
    }

    /// Adds a value; a pattern that is there with this method already is our mistake.
    mutating func insert(_ value: Value, method: String, pattern: String) {
        var node = 0
        for segment in Self.segments(pattern) {
            node =
                segment.hasPrefix("{")
                ? parameter(String(segment.dropFirst().dropLast()), below: node)
                : literal(String(segment), below: node)
        }
        precondition(nodes[node].values.updateValue(value, forKey: method) == nil, "\(method) \(pattern) stands twice")
        if !pattern.contains("{") { exact[Exact(method: method, path: pattern)] = value }
    }

    func match(method: String, path: String) -> Match {
        if let value = exact[Exact(method: method, path: path)] { return .found(value, parameters: [:]) }
        var segments: [String] = []
        for raw in Self.segments(path) {
            guard let segment = PercentEncoding.decode(raw) else { return .malformed }
            segments.append(segment)
        }
        guard path.hasPrefix("/") else { return .nothing }
        var search = Search(method: method)
        walk(0, segments[...], &search)
        if let found = search.found { return .found(found, parameters: search.parameters) }
        return search.methods.isEmpty ? .nothing : .otherMethods(search.methods)
    }

    private struct Search {
        let method: String
        var parameters: [String: String] = [:]
        var methods: [String: Value] = [:]
        var found: Value?
    }

    private func walk(_ node: Int, _ rest: ArraySlice<String>, _ search: inout Search) {
        guard let segment = rest.first else {
            search.found = nodes[node].values[search.method]
            if search.found == nil { search.methods.merge(nodes[node].values) { first, _ in first } }
            return
        }
        if let next = nodes[node].literals[segment] { walk(next, rest.dropFirst(), &search) }
        if search.found == nil, !segment.isEmpty, let (name, next) = nodes[node].parameter {
            search.parameters[name] = segment
            walk(next, rest.dropFirst(), &search)
            if search.found == nil { search.parameters[name] = nil }
        }
    }

    private mutating func literal(_ text: String, below node: Int) -> Int {
        if let known = nodes[node].literals[text] { return known }
        nodes.append(Node())
        nodes[node].literals[text] = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func parameter(_ name: String, below node: Int) -> Int {
        if let known = nodes[node].parameter {
            precondition(known.name == name, "one place has the parameters \(known.name) and \(name)")
            return known.node
        }
        nodes.append(Node())
        nodes[node].parameter = (name, nodes.count - 1)
        return nodes.count - 1
    }

    private static func segments(_ path: String) -> [Substring] {
        // Over octets: a slash is never part of another character, and characters are dear to find.
        path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Substring.init)
    }
}
