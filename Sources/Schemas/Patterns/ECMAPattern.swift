/// Reads a regular expression of ECMA-262 (Unicode mode) and writes the same one in the syntax of RE2.
///
/// Where RE2 differs, the difference is written out: `\s` and `.` by their code points, `$` as the very end, groups
/// without captures. Punctuation may be escaped without need, as outside Unicode mode; letters may not, because most of
/// such escapes mean something in other dialects. Look-around and back-references have no linear-time form and are
/// refused.
struct ECMAPattern {
    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0
    private var output = ""
    /// Only whether the expression is one matters; what RE2 cannot do is passed over.
    private let checksOnly: Bool

    private static let deepest = 200

    private init(_ source: String, checksOnly: Bool) {
        scalars = Array(source.unicodeScalars)
        self.checksOnly = checksOnly
    }

    /// The expression for RE2.
    static func translated(_ source: String) throws(ECMAPatternError) -> String {
        var reader = ECMAPattern(source, checksOnly: false)
        try reader.read()
        return reader.output
    }

    /// Whether a text is a regular expression of ECMA-262, supported here or not.
    static func isValid(_ source: String) -> Bool {
        var reader = ECMAPattern(source, checksOnly: true)
        do {
            try reader.read()
            return true
        } catch {
            return false
        }
    }

    private mutating func read() throws(ECMAPatternError) {
        try disjunction()
        guard offset == scalars.count else { throw error("a ) closes nothing") }
    }

    private mutating func disjunction() throws(ECMAPatternError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw error("groups nest deeper than \(Self.deepest) levels") }
        while let scalar = current, scalar != ")" {
            if scalar == "|" {
                output += "|"
                offset += 1
            } else {
                try term()
            }
        }
    }

    /// An atom or an assertion, and the quantifier behind it.
    private mutating func term() throws(ECMAPatternError) {
        guard let scalar = take() else { return }
        switch scalar {
        case "^":
            output += "\\A"
            return
        case "$":
            output += "\\z"
            return
        case "(": try group()
        case "[": try characterClass()
        case ".": output += "[^\\n\\r\\x{2028}\\x{2029}]"
        case "\\":
            if try escape() { return }
        case "*", "+", "?": throw error("\(scalar) repeats nothing")
        case "{":
            offset -= 1
            if quantifier() != nil { throw error("{ repeats nothing") }
            offset += 1
            literal("{")
        default: literal(scalar)
        }
        try repetition()
    }

    // MARK: - Quantifiers

    private mutating func repetition() throws(ECMAPatternError) {
        guard let text = quantifier() else { return }
        if let bounds = text.bounds, let most = bounds.most, most < bounds.least {
            throw error("the repetition \(text.text) has its bounds the wrong way round")
        }
        // Behind a repetition only ? may stand; RE2 would take some of the others for a repetition of a repetition.
        output += text.text
        if take("?") { output += "?" }
    }

    private mutating func quantifier() -> (text: String, bounds: (least: Int, most: Int?)?)? {
        switch current {
        case "*", "+", "?": return take().map { (String($0), nil) }
        case "{":
            let start = offset
            offset += 1
            guard let least = number() else {
                offset = start
                return nil
            }
            var most: Int? = least
            if take(",") { most = number() }
            guard take("}") else {
                offset = start
                return nil
            }
            return (String(String.UnicodeScalarView(scalars[start..<offset])), (least, most))
        default: return nil
        }
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = current, scalar.isASCIIDigit {
            // More than RE2 takes anyway.
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1_000_000)
            offset += 1
        }
        return value
    }

    // MARK: - Groups

    private mutating func group() throws(ECMAPatternError) {
        if take("?") {
            if take(":") {
                // A group without a capture, as all groups are here.
            } else if take("=") || take("!") {
                try unsupported("look-ahead (?= and (?!")
            } else if take("<") {
                if take("=") || take("!") {
                    try unsupported("look-behind (?<= and (?<!")
                } else {
                    _ = try groupName()
                }
            } else {
                throw error("(? must be followed by : or by <name>")
            }
        }
        output += "(?:"
        try disjunction()
        guard take(")") else { throw error("a ( is not closed") }
        output += ")"
    }

    private mutating func groupName() throws(ECMAPatternError) -> String {
        var name = String.UnicodeScalarView()
        while let scalar = take() {
            if scalar == ">" {
                guard let first = name.first, !first.isASCIIDigit else { break }
                return String(name)
            }
            guard scalar.properties.isXIDContinue || scalar == "$" || scalar == "_" else { break }
            name.append(scalar)
        }
        throw error("a group's name must be letters and digits between < and >")
    }

    // MARK: - Escapes

    /// Outside classes; `true` for an assertion, which nothing repeats.
    private mutating func escape() throws(ECMAPatternError) -> Bool {
        guard let scalar = current else { throw error("a \\ stands at the end") }
        switch scalar {
        case "b", "B":
            offset += 1
            output += "\\\(scalar)"
            return true
        case "1"..."9":
            _ = number()
            try unsupported("the back-reference \\\(scalar)")
        case "k":
            offset += 1
            guard take("<") else { throw error("\\k must be followed by <name>") }
            try unsupported("the back-reference \\k<\(try groupName())>")
        default:
            switch try classEscape() {
            case .scalar(let scalar): literal(scalar)
            case .set(let ranges): output += "[\(ranges)]"
            case .nothing: output += CodePointRanges.nothing
            }
        }
        return false
    }

    private enum Escaped {
        case scalar(Unicode.Scalar)
        /// What stands within the brackets of a class.
        case set(String)
        /// A lone surrogate, which no UTF-8 has.
        case nothing
    }

    /// Behind the backslash: what means the same inside classes and outside.
    private mutating func classEscape() throws(ECMAPatternError) -> Escaped {
        guard let scalar = take() else { throw error("a \\ stands at the end") }
        switch scalar {
        case "d": return .set("0-9")
        case "D": return .set(CodePointRanges.notDigit)
        case "w": return .set("0-9A-Za-z_")
        case "W": return .set(CodePointRanges.notWord)
        case "s": return .set(CodePointRanges.space)
        case "S": return .set(CodePointRanges.notSpace)
        case "p", "P": return .set(try property(isNegated: scalar == "P"))
        case "t": return .scalar("\t")
        case "n": return .scalar("\n")
        case "v": return .scalar("\u{B}")
        case "f": return .scalar("\u{C}")
        case "r": return .scalar("\r")
        case "0":
            if let next = current, next.isASCIIDigit { throw error("\\0 must not be followed by a digit") }
            return .scalar("\0")
        case "c":
            guard let letter = take(), letter.isASCIILetter, let control = Unicode.Scalar(letter.value % 32) else {
                throw error("\\c must be followed by a letter")
            }
            return .scalar(control)
        case "x":
            guard let value = hex(2), let scalar = Unicode.Scalar(value) else {
                throw error("\\x must be followed by two hexadecimal digits")
            }
            return .scalar(scalar)
        case "u": return try codePoint()
        default:
            guard !scalar.isASCIILetter, !scalar.isASCIIDigit, scalar.isASCII, scalar.value > 32 else {
                throw error("there is no escape \\\(scalar) in ECMA-262")
            }
            return .scalar(scalar)
        }
    }

    private mutating func codePoint() throws(ECMAPatternError) -> Escaped {
        if take("{") {
            var value: UInt32 = 0
            var digits = 0
            while let scalar = current, scalar.isASCIIHexDigit, value <= 0x10FFFF {
                value = value << 4 | UInt32(Character(scalar).hexDigitValue ?? 0)
                digits += 1
                offset += 1
            }
            guard digits > 0, value <= 0x10FFFF, take("}") else {
                throw error("\\u{ must be followed by a code point up to 10FFFF and }")
            }
            return Unicode.Scalar(value).map { .scalar($0) } ?? .nothing
        }
        guard let unit = hex(4) else { throw error("\\u must be followed by four hexadecimal digits or by {") }
        if let scalar = Unicode.Scalar(unit) { return .scalar(scalar) }
        let start = offset
        if unit < 0xDC00, take("\\"), take("u"), let low = hex(4), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        {
            return .scalar(scalar)
        }
        offset = start
        return .nothing
    }

    private mutating func hex(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        guard offset + count <= scalars.count else { return nil }
        for scalar in scalars[offset..<offset + count] {
            guard scalar.isASCIIHexDigit, let digit = Character(scalar).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        offset += count
        return value
    }

    /// `\p{…}`, of which RE2 knows general categories by their short names, and scripts.
    private mutating func property(isNegated: Bool) throws(ECMAPatternError) -> String {
        guard take("{") else { throw error("\\p must be followed by {name}") }
        var name = String.UnicodeScalarView()
        while let scalar = take(), scalar != "}" { name.append(scalar) }
        guard scalars[offset - 1] == "}" else { throw error("\\p{ is not closed") }
        switch UnicodeProperty(String(name)) {
        case .some(let property):
            if let set = isNegated ? property.complement : property.set { return set }
        case .none: break
        }
        if checksOnly, UnicodeProperty.isKnownElsewhere(String(name)) { return "" }
        throw error(
            "the property \(String(name)) is not supported; general categories and scripts are", isUnsupported: true)
    }

    // MARK: - Classes

    private mutating func characterClass() throws(ECMAPatternError) {
        let isNegated = take("^")
        var content = ""
        while true {
            guard let scalar = take() else { throw error("a [ is not closed") }
            if scalar == "]" { break }
            let first = try classAtom(scalar)
            guard current == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
                content += Self.written(first)
                continue
            }
            offset += 1
            guard let next = take() else { throw error("a [ is not closed") }
            let last = try classAtom(next)
            guard case (.scalar(let low), .scalar(let high)) = (first, last) else {
                throw error("a range in a class needs one character at each end")
            }
            guard low <= high else { throw error("the range \(low)-\(high) is the wrong way round") }
            content += "\(Self.hexadecimal(low))-\(Self.hexadecimal(high))"
        }
        if content.isEmpty {
            output += isNegated ? CodePointRanges.anything : CodePointRanges.nothing
        } else {
            output += "[\(isNegated ? "^" : "")\(content)]"
        }
    }

    private mutating func classAtom(_ scalar: Unicode.Scalar) throws(ECMAPatternError) -> Escaped {
        guard scalar == "\\" else { return .scalar(scalar) }
        if take("b") { return .scalar("\u{8}") }
        return try classEscape()
    }

    private static func written(_ escaped: Escaped) -> String {
        switch escaped {
        case .scalar(let scalar): hexadecimal(scalar)
        case .set(let ranges): ranges
        case .nothing: ""
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        "\\x{\(String(scalar.value, radix: 16, uppercase: true))}"
    }

    // MARK: - Scalars

    private var current: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private mutating func take() -> Unicode.Scalar? {
        guard offset < scalars.count else { return nil }
        offset += 1
        return scalars[offset - 1]
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func literal(_ scalar: Unicode.Scalar) {
        if scalar.isASCIILetter || scalar.isASCIIDigit || !scalar.isASCII {
            output.unicodeScalars.append(scalar)
        } else {
            output += Self.hexadecimal(scalar)
        }
    }

    private func unsupported(_ what: String) throws(ECMAPatternError) {
        guard !checksOnly else { return }
        throw error("\(what) cannot be matched in linear time and is not supported", isUnsupported: true)
    }

    private func error(_ message: String, isUnsupported: Bool = false) -> ECMAPatternError {
        let source = String(String.UnicodeScalarView(scalars))
        return ECMAPatternError(
            "the pattern \(source): \(message) (at character \(offset))", isUnsupported: isUnsupported)
    }
}
