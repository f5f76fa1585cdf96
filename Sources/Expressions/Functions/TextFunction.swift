/// Functions of the extension for strings. Positions count code points from 0.
enum TextFunction: String, FunctionGroup {
    case charAt
    case indexOf
    case lastIndexOf
    case join
    case lowerAscii
    case upperAscii
    case replace
    case split
    case substring
    case trim
    case format
    case quote = "strings.quote"

    var function: Function { .text(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .charAt, .format: 2...2
        case .indexOf, .lastIndexOf, .split, .substring: 2...3
        case .join: 1...2
        case .replace: 3...4
        case .lowerAscii, .upperAscii, .trim, .quote: 1...1
        }
    }
}

extension Evaluator {
    mutating func call(_ function: TextFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch function {
        case .join: return .string(try join(call))
        case .format: return .string(try format(call))
        case .charAt, .indexOf, .lastIndexOf, .lowerAscii, .upperAscii, .replace, .split, .substring, .trim, .quote:
            break
        }
        let text = try call.text(0)
        try budget.spend(bytes: text.utf8.count, at: call.place)
        switch function {
        case .charAt:
            let scalars = Array(text.unicodeScalars)
            let position = try call.position(1, in: 0...scalars.count)
            return .string(position < scalars.count ? String(Character(scalars[position])) : "")
        case .indexOf: return .int(Int64(try indexOf(text, call)))
        case .lastIndexOf: return .int(Int64(try lastIndexOf(text, call)))
        case .lowerAscii: return .string(text.mappingASCII { (65...90).contains($0) ? $0 + 32 : $0 })
        case .upperAscii: return .string(text.mappingASCII { (97...122).contains($0) ? $0 - 32 : $0 })
        case .replace: return .string(try replace(text, call))
        case .split: return try split(text, call)
        case .substring:
            let scalars = Array(text.unicodeScalars)
            let begin = try call.position(1, in: 0...scalars.count)
            let end = call.count > 2 ? try call.position(2, in: 0...scalars.count) : scalars.count
            guard begin <= end else {
                throw call.place.error(
                    .indexOutOfRange, "substring: invalid range, begin \(begin) is after end \(end)")
            }
            return .string(String(scalars[begin..<end]))
        case .trim:
            let scalars = Array(text.unicodeScalars)
            guard let begin = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
                let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
            else { return .string("") }
            return .string(String(scalars[begin...end]))
        case .quote: return .string(text.quoted)
        case .join, .format: throw call.noOverload
        }
    }

    private mutating func indexOf(_ text: String, _ call: Call) throws(ExpressionError) -> Int {
        let scalars = Array(text.unicodeScalars)
        let part = Array(try call.text(1).unicodeScalars)
        let start = call.count > 2 ? try call.position(2, in: 0...Int.max) : 0
        return SequenceSearch(for: part).first(in: scalars, from: start) ?? -1
    }

    private mutating func lastIndexOf(_ text: String, _ call: Call) throws(ExpressionError) -> Int {
        let scalars = Array(text.unicodeScalars)
        let part = Array(try call.text(1).unicodeScalars)
        let last = call.count > 2 ? try call.position(2, in: 0...Int.max) : scalars.count
        guard last <= scalars.count else { return -1 }
        guard !part.isEmpty else { return last }
        // Backwards it is the first one, from where a match that begins at `last` ends.
        let end = min(scalars.count, last + part.count)
        let found = SequenceSearch(for: part.reversed()).first(in: scalars[..<end].reversed())
        return found.map { end - $0 - part.count } ?? -1
    }

    private mutating func join(_ call: Call) throws(ExpressionError) -> String {
        let list = try call.list(0)
        let separator = call.count > 1 ? try call.text(1) : ""
        var joined = ""
        for (index, element) in list.enumerated() {
            guard case .string(let text) = element else {
                throw call.place.error(.noOverload, "join: strings are needed, not \(element.typeName)")
            }
            try budget.spend(1 + (separator.utf8.count + text.utf8.count) / EvaluationBudget.unitBytes, at: call.place)
            if index > 0 { joined += separator }
            joined += text
        }
        return joined
    }

    /// How many at most: all for a negative number.
    private func limit(_ index: Int, _ call: Call) throws(ExpressionError) -> Int {
        guard call.count > index else { return .max }
        let limit = try call.integer(index)
        return limit < 0 ? .max : limit
    }

    private mutating func replace(_ text: String, _ call: Call) throws(ExpressionError) -> String {
        let (old, new) = (Array(try call.text(1).utf8), Array(try call.text(2).utf8))
        let limit = try limit(3, call)
        let utf8 = Array(text.utf8)
        let found = old.isEmpty ? Array((utf8.boundaries + [utf8.count]).prefix(limit)) : cuts(old, utf8, limit)
        try budget.spend(bytes: new.count, times: found.count, at: call.place)
        var result: [UInt8] = []
        result.reserveCapacity(utf8.count + found.count * (new.count - old.count))
        var position = 0
        for start in found {
            result += utf8[position..<start]
            result += new
            position = start + old.count
        }
        return String(decoding: result + utf8[position...], as: UTF8.self)
    }

    private mutating func split(_ text: String, _ call: Call) throws(ExpressionError) -> Value {
        let separator = Array(try call.text(1).utf8)
        let limit = try limit(2, call)
        let utf8 = Array(text.utf8)
        guard limit > 0, !separator.isEmpty || !utf8.isEmpty else { return .list(ListValue([])) }
        // Without a separator it is cut between the characters, not before the first.
        let cuts =
            separator.isEmpty
            ? Array(utf8.boundaries.dropFirst().prefix(limit - 1)) : cuts(separator, utf8, limit - 1)
        try budget.spend(cuts.count + 1, at: call.place)
        var parts: [Value] = []
        var position = 0
        for cut in cuts {
            parts.append(.string(String(decoding: utf8[position..<cut], as: UTF8.self)))
            position = cut + separator.count
        }
        parts.append(.string(String(decoding: utf8[position...], as: UTF8.self)))
        return .list(ListValue(parts))
    }

    private func cuts(_ separator: [UInt8], _ utf8: [UInt8], _ limit: Int) -> [Int] {
        SequenceSearch(for: separator).all(in: utf8, limit: limit)
    }
}

extension [UInt8] {
    /// Where code points of UTF-8 begin.
    fileprivate var boundaries: [Int] { indices.filter { self[$0] & 0xC0 != 0x80 } }
}

extension String {
    init(_ scalars: ArraySlice<UnicodeScalar>) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self = String(view)
    }

    fileprivate func mappingASCII(_ map: (UInt8) -> UInt8) -> String { String(decoding: utf8.map(map), as: UTF8.self) }

    /// Between double quotes, with escapes, as the language itself reads it.
    fileprivate var quoted: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\u{7}": text += "\\a"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{B}": text += "\\v"
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
