/// Sets of ECMA-262 as RE2 writes them between brackets.
enum CodePointRanges {
    /// WhiteSpace and LineTerminator.
    static let space =
        "\\t-\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}"
    static let notSpace = """
        \\x00-\\x08\\x0E-\\x1F!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\
        \\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}
        """
    static let notDigit = "\\x00-/:-\\x{10FFFF}"
    static let notWord = "\\x00-/:-@\\x5B-\\x5E`\\x7B-\\x{10FFFF}"
    /// With their brackets.
    static let anything = "[\\x00-\\x{10FFFF}]"
    static let nothing = "[^\\x00-\\x{10FFFF}]"
}
