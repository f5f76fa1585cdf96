import JSON

/// Reads JSON into located nodes. The grammar is checked before, by the parser that knows it; this one keeps places.
struct JSONReader {
    private let scalars: [UnicodeScalar]
    private var position = 0
    private var place = SourcePlace(line: 1, column: 1)

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// The text as nodes, or where and why it is no JSON.
    static func read(_ source: SourceText) throws(JSONError) -> SourceNode {
        _ = try JSONValue(
            parsing: source.text, limits: JSONLimits(size: SourceText.maximumSize, depth: YAMLReader.maximumDepth))
        var reader = JSONReader(source.text)
        return try reader.value()
    }

    private var current: UnicodeScalar { position < scalars.count ? scalars[position] : "\0" }

    private mutating func advance() {
        if current == "\n" {
            place.line += 1
            place.column = 1
        } else {
            place.column += 1
        }
        position += 1
    }

    private mutating func skip(_ extra: UnicodeScalar? = nil) {
        while position < scalars.count, " \t\r\n".unicodeScalars.contains(current) || current == extra { advance() }
    }

    private mutating func value() throws(JSONError) -> SourceNode {
        skip()
        let start = place
        switch current {
        case "{":
            advance()
            var members: [SourceNode.Member] = []
            skip(",")
            while current != "}" {
                let keyPlace = place
                let key = try scalar().stringValue ?? ""
                skip(":")
                members.append(SourceNode.Member(key: key, keyPlace: keyPlace, value: try value()))
                skip(",")
            }
            advance()
            return SourceNode(.mapping(members), at: start)
        case "[":
            advance()
            var elements: [SourceNode] = []
            skip(",")
            while current != "]" {
                elements.append(try value())
                skip(",")
            }
            advance()
            return SourceNode(.sequence(elements), at: start)
        default:
            let quote = current == "\"" ? 1 : 0
            let value = try scalar()
            return SourceNode(.scalar(value), at: start, length: place.column - start.column, quote: quote)
        }
    }

    private mutating func scalar() throws(JSONError) -> JSONValue {
        let start = position
        if current == "\"" {
            advance()
            while current != "\"", position < scalars.count {
                if current == "\\" { advance() }
                advance()
            }
            advance()
        } else {
            while position < scalars.count, !" \t\r\n,]}:".unicodeScalars.contains(current) { advance() }
        }
        return try JSONValue(parsing: String(String.UnicodeScalarView(scalars[start..<position])))
    }
}
