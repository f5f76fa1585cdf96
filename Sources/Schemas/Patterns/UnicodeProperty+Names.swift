extension UnicodeProperty {
    static let longNames: [String: String] = [
        "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll",
        "Titlecase_Letter": "Lt", "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M",
        "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd",
        "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P",
        "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe",
        "Initial_Punctuation": "Pi", "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S",
        "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc",
        "cntrl": "Cc", "Format": "Cf", "Private_Use": "Co", "Surrogate": "Cs", "Unassigned": "Cn",
    ]

    static let categories: [String: Set<Unicode.GeneralCategory>] = {
        var categories: [String: Set<Unicode.GeneralCategory>] = [
            "Lu": [.uppercaseLetter], "Ll": [.lowercaseLetter], "Lt": [.titlecaseLetter], "Lm": [.modifierLetter],
            "Lo": [.otherLetter], "Mn": [.nonspacingMark], "Mc": [.spacingMark], "Me": [.enclosingMark],
            "Nd": [.decimalNumber], "Nl": [.letterNumber], "No": [.otherNumber], "Pc": [.connectorPunctuation],
            "Pd": [.dashPunctuation], "Ps": [.openPunctuation], "Pe": [.closePunctuation],
            "Pi": [.initialPunctuation], "Pf": [.finalPunctuation], "Po": [.otherPunctuation], "Sm": [.mathSymbol],
            "Sc": [.currencySymbol], "Sk": [.modifierSymbol], "So": [.otherSymbol], "Zs": [.spaceSeparator],
            "Zl": [.lineSeparator], "Zp": [.paragraphSeparator], "Cc": [.control], "Cf": [.format],
            "Co": [.privateUse], "Cs": [.surrogate], "Cn": [.unassigned],
        ]
        for (name, members) in categories { categories[String(name.prefix(1)), default: []].formUnion(members) }
        categories["LC"] = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
        return categories
    }()

    /// Properties that are true or false, by both of their names.
    static let binaryProperties: [String: @Sendable (Unicode.Scalar) -> Bool] = {
        let tests: [(long: String, short: String, test: @Sendable (Unicode.Scalar) -> Bool)] = [
            ("Alphabetic", "Alpha", { $0.properties.isAlphabetic }),
            ("Assigned", "Assigned", { $0.properties.generalCategory != .unassigned }),
            ("Bidi_Control", "Bidi_C", { $0.properties.isBidiControl }),
            ("Bidi_Mirrored", "Bidi_M", { $0.properties.isBidiMirrored }),
            ("Case_Ignorable", "CI", { $0.properties.isCaseIgnorable }),
            ("Cased", "Cased", { $0.properties.isCased }),
            ("Changes_When_Casefolded", "CWCF", { $0.properties.changesWhenCaseFolded }),
            ("Changes_When_Casemapped", "CWCM", { $0.properties.changesWhenCaseMapped }),
            ("Changes_When_Lowercased", "CWL", { $0.properties.changesWhenLowercased }),
            ("Changes_When_NFKC_Casefolded", "CWKCF", { $0.properties.changesWhenNFKCCaseFolded }),
            ("Changes_When_Titlecased", "CWT", { $0.properties.changesWhenTitlecased }),
            ("Changes_When_Uppercased", "CWU", { $0.properties.changesWhenUppercased }),
            ("Dash", "Dash", { $0.properties.isDash }),
            ("Default_Ignorable_Code_Point", "DI", { $0.properties.isDefaultIgnorableCodePoint }),
            ("Deprecated", "Dep", { $0.properties.isDeprecated }),
            ("Diacritic", "Dia", { $0.properties.isDiacritic }),
            ("Emoji", "Emoji", { $0.properties.isEmoji }),
            ("Emoji_Component", "EComp", { $0.isEmojiComponent }),
            ("Emoji_Modifier", "EMod", { $0.properties.isEmojiModifier }),
            ("Emoji_Modifier_Base", "EBase", { $0.properties.isEmojiModifierBase }),
            ("Emoji_Presentation", "EPres", { $0.properties.isEmojiPresentation }),
            ("Extender", "Ext", { $0.properties.isExtender }),
            ("Grapheme_Base", "Gr_Base", { $0.properties.isGraphemeBase }),
            ("Grapheme_Extend", "Gr_Ext", { $0.properties.isGraphemeExtend }),
            ("Hex_Digit", "Hex", { $0.properties.isHexDigit }),
            ("IDS_Binary_Operator", "IDSB", { $0.properties.isIDSBinaryOperator }),
            ("IDS_Trinary_Operator", "IDST", { $0.properties.isIDSTrinaryOperator }),
            ("ID_Continue", "IDC", { $0.properties.isIDContinue }),
            ("ID_Start", "IDS", { $0.properties.isIDStart }),
            ("Ideographic", "Ideo", { $0.properties.isIdeographic }),
            ("Join_Control", "Join_C", { $0.properties.isJoinControl }),
            ("Logical_Order_Exception", "LOE", { $0.properties.isLogicalOrderException }),
            ("Lowercase", "Lower", { $0.properties.isLowercase }),
            ("Math", "Math", { $0.properties.isMath }),
            ("Noncharacter_Code_Point", "NChar", { $0.properties.isNoncharacterCodePoint }),
            ("Pattern_Syntax", "Pat_Syn", { $0.properties.isPatternSyntax }),
            ("Pattern_White_Space", "Pat_WS", { $0.properties.isPatternWhitespace }),
            ("Quotation_Mark", "QMark", { $0.properties.isQuotationMark }),
            ("Radical", "Radical", { $0.properties.isRadical }),
            ("Regional_Indicator", "RI", { (0x1F1E6...0x1F1FF).contains($0.value) }),
            ("Sentence_Terminal", "STerm", { $0.properties.isSentenceTerminal }),
            ("Soft_Dotted", "SD", { $0.properties.isSoftDotted }),
            ("Unified_Ideograph", "UIdeo", { $0.properties.isUnifiedIdeograph }),
            ("Uppercase", "Upper", { $0.properties.isUppercase }),
            ("Variation_Selector", "VS", { $0.properties.isVariationSelector }),
            ("White_Space", "space", { $0.properties.isWhitespace }),
            ("XID_Continue", "XIDC", { $0.properties.isXIDContinue }),
            ("XID_Start", "XIDS", { $0.properties.isXIDStart }),
        ]
        var properties: [String: @Sendable (Unicode.Scalar) -> Bool] = [:]
        for (long, short, test) in tests {
            properties[long] = test
            properties[short] = test
        }
        return properties
    }()
}

extension Unicode.Scalar {
    /// What emoji are put together of (Unicode Technical Standard 51, ED-5a and emoji-data): it stands alone as none.
    fileprivate var isEmojiComponent: Bool {
        switch value {
        case 0x23, 0x2A, 0x30...0x39, 0x200D, 0x20E3, 0xFE0F, 0x1F1E6...0x1F1FF, 0x1F3FB...0x1F3FF, 0x1F9B0...0x1F9B3,
            0xE0020...0xE007F:
            true
        default: false
        }
    }
}
