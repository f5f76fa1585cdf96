/// U-labels of IDNA 2008: which code points a label may have (RFC 5892), and where.
enum DomainLabel {
    static func isValid(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first, first != "-", label.last != "-" else { return false }
        // RFC 5891, sections 4.2.3.1 and 4.2.3.2.
        if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
        switch first.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return false
        default: break
        }
        return label.indices.allSatisfy { index in
            switch DomainCodePoint(label[index]) {
            case .valid: true
            case .disallowed: false
            case .contextual: isInContext(label, index)
            }
        }
    }

    /// RFC 5892, appendix A.
    private static func isInContext(_ label: [Unicode.Scalar], _ index: Int) -> Bool {
        let before = index > 0 ? label[index - 1] : nil
        let after = index + 1 < label.count ? label[index + 1] : nil
        switch label[index].value {
        case 0x200C:
            return before?.properties.canonicalCombiningClass == .virama || joins(label, index)
        case 0x200D: return before?.properties.canonicalCombiningClass == .virama
        case 0x00B7: return before == "l" && after == "l"
        case 0x0375: return after.map { Self.isGreek($0) } ?? false
        case 0x05F3, 0x05F4: return before.map { (0x0591...0x05F4).contains($0.value) } ?? false
        case 0x30FB: return label.contains { isJapanese($0) }
        case 0x0660...0x0669: return !label.contains { (0x06F0...0x06F9).contains($0.value) }
        case 0x06F0...0x06F9: return !label.contains { (0x0660...0x0669).contains($0.value) }
        default: return false
        }
    }

    private static func isGreek(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0370...0x0373, 0x0375...0x0377, 0x037A...0x037D, 0x037F, 0x0384, 0x0386, 0x0388...0x03E1,
            0x03F0...0x03FF,
            0x1F00...0x1FFE:
            true
        default: false
        }
    }

    /// Hiragana, Katakana or Han.
    private static func isJapanese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FD...0x30FF, 0x31F0...0x31FF, 0x2E80...0x2FD5,
            0x3005,
            0x3007, 0x3021...0x3029, 0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAD9,
            0xFF66...0xFF6F,
            0xFF71...0xFF9D, 0x20000...0x3134A:
            true
        default: false
        }
    }

    /// Whether the letters on both sides of a non-joiner would join: those of the Arabic block.
    private static func joins(_ label: [Unicode.Scalar], _ index: Int) -> Bool {
        func isTransparent(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .nonspacingMark }
        guard let before = label[..<index].last(where: { !isTransparent($0) }),
            let after = label[(index + 1)...].first(where: { !isTransparent($0) })
        else { return false }
        return isArabicLetter(before) && !joinsRightOnly(before) && isArabicLetter(after)
    }

    private static func isArabicLetter(_ scalar: Unicode.Scalar) -> Bool {
        (0x0620...0x06FF).contains(scalar.value) && scalar.properties.generalCategory == .otherLetter
            && ![0x0621, 0x0674, 0x06D5].contains(scalar.value) || scalar.value == 0x06D5
    }

    private static func joinsRightOnly(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0622...0x0625, 0x0627, 0x0629, 0x062F...0x0632, 0x0648, 0x0671...0x0673, 0x0675...0x0677,
            0x0688...0x0699,
            0x06C0, 0x06C3...0x06CB, 0x06CD, 0x06CF, 0x06D2, 0x06D3, 0x06D5, 0x06EE, 0x06EF:
            true
        default: false
        }
    }
}

/// What a label may do with a code point (RFC 5892, section 3).
enum DomainCodePoint {
    case valid, disallowed, contextual

    init(_ scalar: Unicode.Scalar) {
        let properties = scalar.properties
        self =
            switch scalar.value {
            // Section 2.6, exceptions.
            case 0x00DF, 0x03C2, 0x06FD, 0x06FE, 0x0F0B, 0x3007: .valid
            case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB, 0x0660...0x0669, 0x06F0...0x06F9: .contextual
            case 0x0640, 0x07FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: .disallowed
            case 0x2D, 0x30...0x39, 0x61...0x7A: .valid
            case 0x200C, 0x200D: .contextual
            // Ignorable blocks, and the old letters of Hangul that are put together.
            case 0x20D0...0x20FF, 0x1D100...0x1D1FF, 0x1D200...0x1D24F: .disallowed
            case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: .disallowed
            default: Self.byProperties(properties)
            }
    }

    private static func byProperties(_ properties: Unicode.Scalar.Properties) -> DomainCodePoint {
        if properties.changesWhenNFKCCaseFolded || properties.isDefaultIgnorableCodePoint || properties.isWhitespace
            || properties.isNoncharacterCodePoint
        {
            return .disallowed
        }
        switch properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .otherLetter, .decimalNumber, .modifierLetter, .nonspacingMark,
            .spacingMark:
            return .valid
        default: return .disallowed
        }
    }
}
