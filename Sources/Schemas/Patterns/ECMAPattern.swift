/// Reads a regular expression of ECMA-262 (Unicode mode) as a tree.
///
/// Punctuation may be escaped without need, as outside Unicode mode; letters may not, because most of such escapes mean
/// something in other dialects.
struct ECMAPattern {
    /// The expression.
    private(set) var root = ECMANode.sequence([])
    private(set) var captureCount = 0

    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0
    private let groups: Groups

    private static let deepest = 200

    init(_ source: String) throws(ECMAPatternError) {
        scalars = Array(source.unicodeScalars)
        groups = Groups(in: scalars)
        root = try disjunction()
        guard offset == scalars.count else { throw error("a ) closes nothing") }
        guard groups.areUnique else { throw error("two groups have the same name") }
    }

    /// Whether a text is a regular expression of ECMA-262, supported here or not.
    static func isValid(_ source: String) -> Bool {
        do {
            _ = try ECMAPattern(source)
            return true
        } catch {
            return false
        }
    }

    private mutating func disjunction() throws(ECMAPatternError) -> ECMANode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw error("groups nest deeper than \(Self.deepest) levels") }
        var choices: [ECMANode] = []
        var terms: [ECMANode] = []
        while let scalar = current, scalar != ")" {
            if scalar == "|" {
                offset += 1
                choices.append(.sequence(terms))
                terms = []
            } else {
                terms.append(try term())
            }
        }
        return choices.isEmpty ? .sequence(terms) : .choice(choices + [.sequence(terms)])
    }

    /// An atom or an assertion, and the quantifier behind it.
    private mutating func term() throws(ECMAPatternError) -> ECMANode {
        let before = captureCount
        guard let scalar = take() else { return .sequence([]) }
        let atom: ECMANode
        switch scalar {
        case "^": return .start
        case "$": return .end
        case "(": atom = try group()
        case "[": atom = .set(try characterClass())
        case ".": atom = .any
        case "\\":
            atom = try escape()
            if case .boundary = atom { return atom }
        case "*", "+", "?": throw error("\(scalar) repeats nothing")
        case "{":
            offset -= 1
            if quantifier() != nil { throw error("{ repeats nothing") }
            offset += 1
            atom = .scalar("{")
        default: atom = .scalar(scalar)
        }
        guard let bounds = quantifier() else { return atom }
        if let most = bounds.most, most < bounds.least {
            throw error("the repetition has its bounds the wrong way round")
        }
        let isLazy = take("?")
        return .repetition(
            ECMANode.Repetition(
                body: atom, least: bounds.least, most: bounds.most, isLazy: isLazy,
                captures: before..<captureCount))
    }

    // MARK: - Quantifiers

    private mutating func quantifier() -> (least: Int, most: Int?)? {
        switch current {
        case "*":
            offset += 1
            return (0, nil)
        case "+":
            offset += 1
            return (1, nil)
        case "?":
            offset += 1
            return (0, 1)
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
            return (least, most)
        default: return nil
        }
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = current, scalar.isASCIIDigit {
            // More than is taken anyway.
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1_000_000)
            offset += 1
        }
        return value
    }

    // MARK: - Groups

    private mutating func group() throws(ECMAPatternError) -> ECMANode {
        guard take("?") else { return try capture() }
        if take(":") { return try closed(try disjunction()) }
        if take("=") { return .look(try closed(try disjunction()), isBehind: false, isNegated: false) }
        if take("!") { return .look(try closed(try disjunction()), isBehind: false, isNegated: true) }
        guard take("<") else { throw error("(? must be followed by :, =, !, <=, <! or by <name>") }
        if take("=") { return .look(try closed(try disjunction()), isBehind: true, isNegated: false) }
        if take("!") { return .look(try closed(try disjunction()), isBehind: true, isNegated: true) }
        _ = try groupName()
        return try capture()
    }

    private mutating func capture() throws(ECMAPatternError) -> ECMANode {
        captureCount += 1
        let number = captureCount
        return .capture(try closed(try disjunction()), number: number)
    }

    private mutating func closed(_ node: ECMANode) throws(ECMAPatternError) -> ECMANode {
        guard take(")") else { throw error("a ( is not closed") }
        return node
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

    /// Outside classes.
    private mutating func escape() throws(ECMAPatternError) -> ECMANode {
        guard let scalar = current else { throw error("a \\ stands at the end") }
        switch scalar {
        case "b", "B":
            offset += 1
            return .boundary(isNegated: scalar == "B")
        case "1"..."9":
            let number = number() ?? 0
            guard number <= groups.count else { throw error("there is no group \(number)") }
            return .reference(number)
        case "k":
            offset += 1
            guard take("<") else { throw error("\\k must be followed by <name>") }
            let name = try groupName()
            guard let number = groups.names[name] else { throw error("there is no group \(name)") }
            return .reference(number)
        default: return try classEscape()
        }
    }

    /// Behind the backslash: what means the same inside classes and outside.
    private mutating func classEscape() throws(ECMAPatternError) -> ECMANode {
        guard let scalar = take() else { throw error("a \\ stands at the end") }
        switch scalar {
        case "d", "D": return .set(ECMASet(items: [.digit(isNegated: scalar == "D")], isNegated: false))
        case "w", "W": return .set(ECMASet(items: [.word(isNegated: scalar == "W")], isNegated: false))
        case "s", "S": return .set(ECMASet(items: [.space(isNegated: scalar == "S")], isNegated: false))
        case "p", "P":
            return .set(ECMASet(items: [.property(try property(), isNegated: scalar == "P")], isNegated: false))
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

    private mutating func codePoint() throws(ECMAPatternError) -> ECMANode {
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
            return Unicode.Scalar(value).map { .scalar($0) } ?? .set(.nothing)
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
        return .set(.nothing)
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

    private mutating func property() throws(ECMAPatternError) -> UnicodeProperty {
        guard take("{") else { throw error("\\p must be followed by {name}") }
        var name = String.UnicodeScalarView()
        while let scalar = take(), scalar != "}" { name.append(scalar) }
        guard scalars[offset - 1] == "}" else { throw error("\\p{ is not closed") }
        guard let property = UnicodeProperty(String(name)) else {
            throw error("there is no property \(String(name)), or it is not known here")
        }
        return property
    }

    // MARK: - Classes

    private mutating func characterClass() throws(ECMAPatternError) -> ECMASet {
        let isNegated = take("^")
        var items: [ECMASet.Item] = []
        while true {
            guard let scalar = take() else { throw error("a [ is not closed") }
            if scalar == "]" { return ECMASet(items: items, isNegated: isNegated) }
            let first = try classAtom(scalar)
            guard current == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
                items += Self.items(first)
                continue
            }
            offset += 1
            guard let next = take() else { throw error("a [ is not closed") }
            let last = try classAtom(next)
            guard case (.scalar(let low), .scalar(let high)) = (first, last) else {
                throw error("a range in a class needs one character at each end; write \\- for the character")
            }
            guard low <= high else { throw error("the range \(low)-\(high) is the wrong way round") }
            items.append(.range(low, high))
        }
    }

    private mutating func classAtom(_ scalar: Unicode.Scalar) throws(ECMAPatternError) -> ECMANode {
        guard scalar == "\\" else { return .scalar(scalar) }
        if take("b") { return .scalar("\u{8}") }
        return try classEscape()
    }

    private static func items(_ atom: ECMANode) -> [ECMASet.Item] {
        switch atom {
        case .scalar(let scalar): [.range(scalar, scalar)]
        case .set(let set): set.items
        case .any, .start, .end, .boundary, .sequence, .choice, .capture, .look, .reference, .repetition: []
        }
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

    private func error(_ message: String) -> ECMAPatternError {
        let source = String(String.UnicodeScalarView(scalars))
        return ECMAPatternError("the pattern \(source): \(message) (at character \(offset))")
    }
}

/// The capturing groups of an expression, found before it is read: a reference may stand before its group.
private struct Groups {
    var names: [String: Int] = [:]
    var count = 0
    var areUnique = true

    init(in scalars: [Unicode.Scalar]) {
        var isInClass = false
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "\\": index += 1
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass: add(scalars[(index + 1)...])
            default: break
            }
            index += 1
        }
    }

    /// A group, by what stands behind its parenthesis.
    private mutating func add(_ rest: ArraySlice<Unicode.Scalar>) {
        guard rest.first == "?" else {
            count += 1
            return
        }
        let name = rest.dropFirst(2)
        guard rest.dropFirst().first == "<", let first = name.first, first != "=", first != "!" else { return }
        count += 1
        let text = String(String.UnicodeScalarView(name.prefix { $0 != ">" }))
        areUnique = names.updateValue(count, forKey: text) == nil && areUnique
    }
}
