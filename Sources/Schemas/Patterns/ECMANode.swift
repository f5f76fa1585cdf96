/// A regular expression of ECMA-262 (section 22.2.1, with the flag `u`) as a tree. Its height is bounded by the parser.
indirect enum ECMANode: Sendable {
    case scalar(Unicode.Scalar)
    /// `.`: anything but the ends of lines.
    case any
    case set(ECMASet)
    /// `^` and `$`: of the whole text, as there is no flag `m`.
    case start
    case end
    /// `\b`, and `\B` negated.
    case boundary(isNegated: Bool)
    case sequence([ECMANode])
    case choice([ECMANode])
    /// With the number that references name it by, from 1.
    case capture(ECMANode, number: Int)
    case look(ECMANode, isBehind: Bool, isNegated: Bool)
    case reference(Int)
    case repetition(Repetition)

    struct Repetition: Sendable {
        var body: ECMANode
        var least: Int
        var most: Int?
        var isLazy: Bool
        /// Captures in the body; each round begins without them.
        var captures: Range<Int>
    }
}

/// A class in brackets, or an escape that stands for one.
struct ECMASet: Sendable {
    enum Item: Sendable {
        case range(Unicode.Scalar, Unicode.Scalar)
        /// `\d`, `\w`, `\s` and, negated, `\D`, `\W`, `\S`.
        case digit(isNegated: Bool)
        case word(isNegated: Bool)
        case space(isNegated: Bool)
        case property(UnicodeProperty, isNegated: Bool)
    }

    var items: [Item]
    var isNegated: Bool

    /// A lone surrogate, which no UTF-8 has, is such a set.
    static let nothing = ECMASet(items: [], isNegated: false)

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        items.contains { item in
            switch item {
            case .range(let low, let high): low <= scalar && scalar <= high
            case .digit(let isNegated): scalar.isASCIIDigit != isNegated
            case .word(let isNegated): scalar.isWord != isNegated
            case .space(let isNegated): scalar.isECMASpace != isNegated
            case .property(let property, let isNegated): property.contains(scalar) != isNegated
            }
        } != isNegated
    }
}

extension Unicode.Scalar {
    /// What `\w` matches.
    var isWord: Bool { isASCIILetter || isASCIIDigit || self == "_" }

    /// LineTerminator.
    var endsLine: Bool { self == "\n" || self == "\r" || value == 0x2028 || value == 0x2029 }

    /// WhiteSpace and LineTerminator.
    var isECMASpace: Bool {
        switch value {
        case 0x09...0x0D, 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF: true
        default: false
        }
    }
}
