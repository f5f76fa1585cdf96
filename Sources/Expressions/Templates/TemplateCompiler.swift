import JSON

/// Turns a JSON value into a template's tree, and collects every problem on the way.
struct TemplateCompiler {
    private(set) var problems: [Template.Problem] = []
    private(set) var holes: [Template.Hole] = []
    private var path: [Template.PathSegment] = []

    mutating func node(_ value: JSONValue) -> Template.Node {
        switch value {
        case .null, .bool, .int, .double: return .constant(value.bytes())
        case .string(let text): return string(text)
        case .array(let elements):
            var nodes: [Template.Node] = []
            for (index, element) in elements.enumerated() {
                path.append(.index(index))
                nodes.append(node(element))
                path.removeLast()
            }
            if let constants = constants(nodes) {
                return .constant(joined(constants, open: UInt8(ascii: "["), close: UInt8(ascii: "]")))
            }
            return .array(nodes)
        case .object(let object):
            var members: [(key: [UInt8], node: Template.Node)] = []
            for member in object {
                path.append(.key(member.key))
                var writer = JSONWriter()
                writer.key(member.key)
                members.append((writer.bytes, node(member.value)))
                path.removeLast()
            }
            if let constants = constants(members.map(\.node)) {
                let texts = zip(members, constants).map { $0.key + $1 }
                return .constant(joined(texts, open: UInt8(ascii: "{"), close: UInt8(ascii: "}")))
            }
            return .object(members)
        }
    }

    private func constants(_ nodes: [Template.Node]) -> [[UInt8]]? {
        var texts: [[UInt8]] = []
        for node in nodes {
            guard case .constant(let text) = node else { return nil }
            texts.append(text)
        }
        return texts
    }

    private func joined(_ texts: [[UInt8]], open: UInt8, close: UInt8) -> [UInt8] {
        [open] + texts.joined(separator: [UInt8(ascii: ",")]) + [close]
    }

    private mutating func string(_ text: String) -> Template.Node {
        var pieces: [Template.Piece] = []
        var index = 0
        for part in TemplateText.parts(of: text) {
            switch part {
            case .literal(let literal): pieces.append(.literal(literal))
            case .hole(let source):
                do {
                    let expression = try Expression(source)
                    pieces.append(.hole(expression))
                    holes.append(Template.Hole(path: path, index: index, expression: expression))
                } catch {
                    problems.append(Template.Problem(path: path, index: index, error: error))
                }
                index += 1
            case .unclosed:
                let error = ExpressionError(.syntax, "\"${{\" is not closed by \"}}\"", line: 1, column: -2, length: 3)
                problems.append(Template.Problem(path: path, index: index, error: error))
                index += 1
            }
        }
        if pieces.count == 1, case .hole(let expression) = pieces[0] { return .value(expression) }
        let isConstant = pieces.allSatisfy { if case .literal = $0 { true } else { false } }
        guard isConstant else { return .text(pieces) }
        let whole = pieces.reduce(into: "") { whole, piece in
            if case .literal(let literal) = piece { whole += literal }
        }
        return .constant(JSONValue.string(whole).bytes())
    }
}

/// Finds the `${{ … }}` of a string.
public enum TemplateText {
    /// A stretch of literal text, or the text of an expression.
    public enum Part: Hashable, Sendable {
        case literal(String)
        /// The text between the braces, as written.
        case hole(String)
        case unclosed
    }

    /// Cuts a string at its expressions.
    public static func parts(of text: String) -> [Part] {
        let scalars = Array(text.unicodeScalars)
        var parts: [Part] = []
        var literal = String.UnicodeScalarView()
        var position = 0
        func starts(_ word: String, at position: Int) -> Bool { scalars[position...].starts(with: word.unicodeScalars) }
        while position < scalars.count {
            if starts("$${{", at: position) {
                literal.append(contentsOf: "${{".unicodeScalars)
                position += 4
            } else if starts("${{", at: position) {
                if !literal.isEmpty { parts.append(.literal(String(literal))) }
                literal = String.UnicodeScalarView()
                guard let end = end(of: scalars, from: position + 3) else { return parts + [.unclosed] }
                parts.append(.hole(String(String.UnicodeScalarView(scalars[position + 3..<end]))))
                position = end + 2
            } else {
                literal.append(scalars[position])
                position += 1
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.literal(String(literal))) }
        return parts
    }

    /// Where the closing braces stand; braces of maps, and those in strings and comments, do not count.
    private static func end(of scalars: [UnicodeScalar], from start: Int) -> Int? {
        var depth = 0
        var position = start
        while position < scalars.count {
            switch scalars[position] {
            case "\"", "'":
                guard let end = endOfString(in: scalars, from: position, after: start) else { return nil }
                position = end
                continue
            case "/" where position + 1 < scalars.count && scalars[position + 1] == "/":
                while position < scalars.count, scalars[position] != "\n" { position += 1 }
                continue
            case "{": depth += 1
            case "}":
                if depth == 0 {
                    return position + 1 < scalars.count && scalars[position + 1] == "}" ? position : nil
                }
                depth -= 1
            default: break
            }
            position += 1
        }
        return nil
    }

    /// The position after a string that opens here. It may be raw, by a prefix, and long, by three quotes.
    private static func endOfString(in scalars: [UnicodeScalar], from open: Int, after start: Int) -> Int? {
        let quote = scalars[open]
        func isTriple(_ position: Int) -> Bool {
            position + 2 < scalars.count && scalars[position...position + 2].allSatisfy { $0 == quote }
        }
        let prefix = scalars[start..<open].reversed().prefix { $0.properties.isAlphabetic || $0 == "_" }
        let isRaw = prefix.count <= 2 && prefix.contains { $0 == "r" || $0 == "R" }
        let isLong = isTriple(open)
        var position = open + (isLong ? 3 : 1)
        while position < scalars.count {
            if scalars[position] == "\\", !isRaw {
                position += 2
            } else if scalars[position] == quote, !isLong || isTriple(position) {
                return position + (isLong ? 3 : 1)
            } else {
                position += 1
            }
        }
        return nil
    }
}
