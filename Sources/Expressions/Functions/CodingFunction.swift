import Patterns

/// Functions of the extensions for encoders and regular expressions.
enum CodingFunction: String, FunctionGroup {
    case base64Encode = "base64.encode"
    case base64Decode = "base64.decode"
    case jsonEncode = "json.encode"
    case regexReplace = "regex.replace"
    case regexExtract = "regex.extract"
    case regexExtractAll = "regex.extractAll"

    var function: Function { .coding(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .base64Encode, .base64Decode, .jsonEncode: 1...1
        case .regexExtract, .regexExtractAll: 2...2
        case .regexReplace: 3...4
        }
    }
}

extension Evaluator {
    mutating func call(_ function: CodingFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch function {
        case .base64Encode:
            guard case .bytes(let bytes) = call.first else { throw call.noOverload }
            try budget.spend(bytes: bytes.count * 2, at: call.place)
            return .string(Base64.encode(bytes))
        case .base64Decode:
            let text = try call.text(0)
            try budget.spend(bytes: text.utf8.count, at: call.place)
            guard let bytes = Base64.decode(text) else { throw call.failure("\(call.first.shown) is no base64") }
            return .bytes(bytes)
        case .jsonEncode: return .string(try jsonText(call.first, at: call.place))
        case .regexReplace: return .string(try regexReplace(call))
        case .regexExtract:
            let (text, pattern) = try subject(call)
            guard let match = pattern.firstMatch(in: text) else { return .optional(.none) }
            return .optional(OptionalValue(extract(match, Array(text.utf8)).map { .string($0) }))
        case .regexExtractAll:
            let (text, pattern) = try subject(call)
            let utf8 = Array(text.utf8)
            var found: [Value] = []
            try forEachMatch(pattern, in: text, limit: .max, call) { evaluator, match throws(ExpressionError) in
                if let part = evaluator.extract(match, utf8) { found.append(.string(part)) }
            }
            return .list(ListValue(found))
        }
    }

    private mutating func subject(_ call: Call) throws(ExpressionError) -> (String, Pattern) {
        let text = try call.text(0)
        let pattern = try self.pattern(try call.text(1), call)
        guard pattern.groupCount <= 1 || call.count > 2 else {
            throw call.failure("the pattern has more than one capturing group")
        }
        try spend(matching: text, pattern, at: call.place)
        return (text, pattern)
    }

    /// The matches one after the other. The search for the next may read the whole rest of the text once more, which is
    /// quick, but costs.
    private mutating func forEachMatch(
        _ pattern: Pattern, in text: String, limit: Int, _ call: Call,
        _ body: (inout Self, PatternMatch) throws(ExpressionError) -> Void
    ) throws(ExpressionError) {
        let count = text.utf8.count
        let factor = 1 + pattern.programSize / 64
        try pattern.forEachMatch(in: text, limit: limit) { match throws(ExpressionError) in
            try budget.spend(1, at: call.place)
            try budget.spend(bytes: (count - match.range.upperBound) / 4, times: factor, at: call.place)
            try body(&self, match)
        }
    }

    /// The only group, or the whole match where there is none.
    private func extract(_ match: PatternMatch, _ utf8: [UInt8]) -> String? {
        guard let group = match.groups.first else { return String(decoding: utf8[match.range], as: UTF8.self) }
        return group.map { String(decoding: utf8[$0], as: UTF8.self) }
    }

    private mutating func regexReplace(_ call: Call) throws(ExpressionError) -> String {
        let (text, pattern) = try subject(call)
        let rewrite = try pieces(of: try call.text(2), pattern, call)
        let limit = call.count > 3 ? try call.integer(3) : -1
        let utf8 = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        try forEachMatch(pattern, in: text, limit: limit < 0 ? .max : limit, call) {
            evaluator, match throws(ExpressionError) in
            result += utf8[position..<match.range.lowerBound]
            for piece in rewrite {
                let start = result.count
                switch piece {
                case .text(let bytes): result += bytes
                case .group(0): result += utf8[match.range]
                case .group(let number): result += match.groups[number - 1].map { utf8[$0] } ?? []
                }
                try evaluator.budget.spend(bytes: result.count - start, at: call.place)
            }
            position = match.range.upperBound
        }
        return String(decoding: result + utf8[position...], as: UTF8.self)
    }

    /// `\1` to `\9` stand for groups, `\0` for the whole match, `\\` for the character.
    private func pieces(
        of rewrite: String, _ pattern: Pattern, _ call: Call
    ) throws(ExpressionError) -> [RewritePiece] {
        var pieces: [RewritePiece] = []
        var text: [UInt8] = []
        var isEscaped = false
        for byte in rewrite.utf8 {
            if isEscaped {
                isEscaped = false
                if byte == UInt8(ascii: "\\") {
                    text.append(byte)
                } else if (48...57).contains(byte), Int(byte) - 48 <= pattern.groupCount {
                    pieces.append(.text(text))
                    text = []
                    pieces.append(.group(Int(byte) - 48))
                } else {
                    throw call.failure("the replacement names a group that the pattern does not have")
                }
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                text.append(byte)
            }
        }
        guard !isEscaped else { throw call.failure("the replacement ends in \"\\\"") }
        return pieces + [.text(text)]
    }
}

private enum RewritePiece {
    case text([UInt8])
    case group(Int)
}
