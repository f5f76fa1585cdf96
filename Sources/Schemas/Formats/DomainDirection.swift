/// The rule for labels that are written from right to left (RFC 5893, section 2). Classes of code points are those that
/// the Unicode Character Database gives whole blocks by default (DerivedBidiClass); within what RFC 5892 allows in a label
/// they hardly differ.
enum DomainDirection {
    private enum Direction {
        /// L.
        case left
        /// R and AL, which the rule does not tell apart.
        case right
        /// EN.
        case europeanNumber
        /// AN.
        case arabicNumber
        /// NSM.
        case mark
        /// ES, CS, ET, ON and BN.
        case neutral
    }

    /// Whether the labels of a name follow the rule. A name without any label from right to left always does.
    static func accepts(_ labels: [[Unicode.Scalar]]) -> Bool {
        let directions = labels.map { $0.map { direction(of: $0) } }
        guard directions.contains(where: { $0.contains(.right) || $0.contains(.arabicNumber) }) else { return true }
        return directions.allSatisfy { isInOrder($0) }
    }

    private static func isInOrder(_ label: [Direction]) -> Bool {
        guard let last = label.last(where: { $0 != .mark }) else { return false }
        switch label.first {
        case .left:
            return !label.contains(.right) && !label.contains(.arabicNumber)
                && (last == .left || last == .europeanNumber)
        case .right:
            return !label.contains(.left) && last != .neutral
                && !(label.contains(.europeanNumber) && label.contains(.arabicNumber))
        case .europeanNumber, .arabicNumber, .mark, .neutral, nil: return false
        }
    }

    private static func direction(of scalar: Unicode.Scalar) -> Direction {
        switch scalar.value {
        case 0x30...0x39, 0x06F0...0x06F9: return .europeanNumber
        case 0x0660...0x0669, 0x10D30...0x10D39, 0x10E60...0x10E7E: return .arabicNumber
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return .mark
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spacingMark:
            return isFromRightToLeft(scalar) ? .right : .left
        default: return isFromRightToLeft(scalar) ? .right : .neutral
        }
    }

    private static func isFromRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
        default: false
        }
    }
}
