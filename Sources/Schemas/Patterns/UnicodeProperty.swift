import Patterns

/// A Unicode property that `\p{…}` names (ECMA-262, tables 66 to 68; Unicode Standard Annex 44, property value aliases).
struct UnicodeProperty: Sendable {
    private enum Kind: Sendable {
        case category(Set<Unicode.GeneralCategory>)
        case binary(@Sendable (Unicode.Scalar) -> Bool)
        /// Only RE2 has a table of scripts here.
        case script(Pattern)
        /// Of ECMA-262, but without a table here.
        case unknown
    }

    private let kind: Kind
    /// For RE2, between brackets; `nil` where it has none of that kind.
    let set: String?
    /// Everything else for RE2, between brackets; `nil` where it cannot say it there.
    let complement: String?

    /// Whether it is known which code points have it.
    var isSupported: Bool {
        if case .unknown = kind { false } else { true }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch kind {
        case .category(let categories): categories.contains(scalar.properties.generalCategory)
        case .binary(let test): test(scalar)
        case .script(let pattern): pattern.matches(String(Character(scalar)))
        case .unknown: false
        }
    }

    init?(_ name: String) {
        let parts = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        if parts.count == 2 {
            switch parts[0] {
            case "General_Category", "gc":
                guard let category = Self.category(parts[1]) else { return nil }
                self = category
            case "Script", "sc", "Script_Extensions", "scx":
                guard let script = Self.script(parts[1]) else { return nil }
                self = script
            default: return nil
            }
            return
        }
        // ECMA-262 takes scripts with `Script=` only; the bare name is taken too, as RE2 does.
        guard let known = Self.range(name) ?? Self.category(name) ?? Self.binary(name) ?? Self.script(name) else {
            return nil
        }
        self = known
    }

    private init(_ kind: Kind, set: String? = nil, complement: String? = nil) {
        self.kind = kind
        self.set = set
        self.complement = complement
    }

    /// Those that are a few ranges, which RE2 takes as they are.
    private static func range(_ name: String) -> UnicodeProperty? {
        switch name {
        case "Any": UnicodeProperty(.binary { _ in true }, set: "\\x00-\\x{10FFFF}", complement: "")
        case "ASCII": UnicodeProperty(.binary { $0.isASCII }, set: "\\x00-\\x7F", complement: "\\x{80}-\\x{10FFFF}")
        case "ASCII_Hex_Digit", "AHex":
            UnicodeProperty(
                .binary { $0.isASCIIHexDigit }, set: "0-9A-Fa-f", complement: "\\x00-/:-@G-`g-\\x{10FFFF}")
        default: nil
        }
    }

    private static func category(_ name: String) -> UnicodeProperty? {
        let short = longNames[name] ?? name
        guard let categories = categories[short] else { return nil }
        // RE2 counts no code point that is not assigned, and has no name for some.
        guard !["C", "Cn", "Cs", "LC"].contains(short) else { return UnicodeProperty(.category(categories)) }
        return UnicodeProperty(.category(categories), set: "\\p{\(short)}", complement: "\\P{\(short)}")
    }

    private static func script(_ name: String) -> UnicodeProperty? {
        guard let pattern = scripts[name] else { return nil }
        return UnicodeProperty(.script(pattern), set: "\\p{\(name)}", complement: "\\P{\(name)}")
    }

    private static func binary(_ name: String) -> UnicodeProperty? {
        if let test = binaryProperties[name] { return UnicodeProperty(.binary(test)) }
        return unknownProperties.contains(name) ? UnicodeProperty(.unknown) : nil
    }

    private static let unknownProperties: Set<String> = [
        "Extended_Pictographic", "ExtPict", "Terminal_Punctuation", "Term",
    ]

    private static let scripts: [String: Pattern] = {
        var patterns: [String: Pattern] = [:]
        for name in scriptNames { patterns[name] = try? Pattern("\\p{\(name)}") }
        return patterns
    }()

    private static let scriptNames = [
        "Arabic", "Armenian", "Bengali", "Bopomofo", "Braille", "Cherokee", "Common", "Coptic", "Cyrillic",
        "Devanagari",
        "Ethiopic", "Georgian", "Gothic", "Greek", "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana",
        "Inherited", "Kannada", "Katakana", "Khmer", "Lao", "Latin", "Malayalam", "Mongolian", "Myanmar", "Ogham",
        "Oriya",
        "Runic", "Sinhala", "Syriac", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan", "Yi",
    ]
}
