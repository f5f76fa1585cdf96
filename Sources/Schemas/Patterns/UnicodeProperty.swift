/// A Unicode property that `\p{…}` names, as far as RE2 has it (Unicode Standard Annex 44, property value aliases).
struct UnicodeProperty {
    /// Between brackets.
    var set: String
    /// Everything else, between brackets; `nil` where RE2 cannot say it there.
    var complement: String?

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
        switch name {
        case "Any": self.init(set: "\\x00-\\x{10FFFF}", complement: "")
        case "ASCII": self.init(set: "\\x00-\\x7F", complement: "\\x{80}-\\x{10FFFF}")
        case "ASCII_Hex_Digit", "AHex":
            self.init(set: "0-9A-Fa-f", complement: "\\x00-/:-@G-`g-\\x{10FFFF}")
        case "White_Space", "space":
            self.init(
                set: "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}",
                complement: nil)
        default:
            // ECMA-262 takes scripts with `Script=` only; the bare name is taken too, as RE2 does.
            guard let known = Self.category(name) ?? Self.script(name) else { return nil }
            self = known
        }
    }

    private init(set: String, complement: String?) {
        self.set = set
        self.complement = complement
    }

    private static func category(_ name: String) -> UnicodeProperty? {
        if name == "LC" || name == "Cased_Letter" {
            return UnicodeProperty(set: "\\p{Lu}\\p{Ll}\\p{Lt}", complement: nil)
        }
        guard let short = shortNames.contains(name) ? name : longNames[name] else { return nil }
        return UnicodeProperty(set: "\\p{\(short)}", complement: "\\P{\(short)}")
    }

    private static func script(_ name: String) -> UnicodeProperty? {
        guard scripts.contains(name) else { return nil }
        return UnicodeProperty(set: "\\p{\(name)}", complement: "\\P{\(name)}")
    }

    /// Binary properties of ECMA-262 that RE2 has no tables of.
    static func isKnownElsewhere(_ name: String) -> Bool { otherProperties.contains(name) }

    private static let shortNames: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi",
        "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co",
    ]

    private static let longNames: [String: String] = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
        "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
        "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
        "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
        "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
        "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm",
        "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc",
        "cntrl": "Cc", "Format": "Cf", "Private_Use": "Co",
    ]

    private static let scripts: Set<String> = [
        "Arabic", "Armenian", "Bengali", "Bopomofo", "Braille", "Cherokee", "Common", "Coptic", "Cyrillic",
        "Devanagari",
        "Ethiopic", "Georgian", "Gothic", "Greek", "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana",
        "Inherited", "Kannada", "Katakana", "Khmer", "Lao", "Latin", "Malayalam", "Mongolian", "Myanmar", "Ogham",
        "Oriya",
        "Runic", "Sinhala", "Syriac", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan", "Yi",
    ]

    private static let otherProperties: Set<String> = [
        "Alphabetic", "Alpha", "Assigned", "Case_Ignorable", "Cased", "Dash", "Default_Ignorable_Code_Point",
        "Deprecated",
        "Diacritic", "Emoji", "Emoji_Component", "Emoji_Modifier", "Emoji_Modifier_Base", "Emoji_Presentation",
        "Extended_Pictographic", "Extender", "Grapheme_Base", "Grapheme_Extend", "Hex_Digit", "ID_Continue", "ID_Start",
        "Ideographic", "Lowercase", "Math", "Noncharacter_Code_Point", "Quotation_Mark", "Sentence_Terminal",
        "Unified_Ideograph", "Uppercase", "Variation_Selector", "White_Space", "XID_Continue", "XID_Start", "Cn",
        "Unassigned", "Cs", "Surrogate",
    ]
}
