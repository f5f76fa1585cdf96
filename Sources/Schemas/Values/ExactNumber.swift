/// A decimal number as JSON text writes it, without loss: digits × 10^exponent. Two numbers of the same value are equal
/// however they were written, so 1.0 is 1 and 1e2 is 100.
public struct ExactNumber: Sendable, Hashable {
    enum Digits: Sendable, Hashable {
        /// Up to 19 digits.
        case short(UInt64)
        /// 20 digits and more, each 0…9, the most significant first.
        case long([UInt8])
    }

    let isNegative: Bool
    /// Without zeros at either end; zero is `short(0)`.
    let digits: Digits
    let exponent: Int

    /// More of either is refused, so that no number is dearer than its text.
    static let maximumDigits = 4096
    static let maximumExponent = 1_000_000_000

    /// - Parameter digits: each 0…9, the most significant first; zeros at both ends are taken.
    init(isNegative: Bool, digits: ArraySlice<UInt8>, exponent: Int) {
        let significant = digits.drop { $0 == 0 }
        let zeros = significant.reversed().prefix { $0 == 0 }.count
        let kept = significant.dropLast(zeros)
        guard !kept.isEmpty else {
            self = .zero
            return
        }
        self.isNegative = isNegative
        self.exponent = exponent + zeros
        self.digits = kept.count <= 19 ? .short(kept.reduce(0) { $0 * 10 + UInt64($1) }) : .long(Array(kept))
    }

    private init(isNegative: Bool, short: UInt64, exponent: Int) {
        self.isNegative = isNegative
        digits = .short(short)
        self.exponent = exponent
    }

    public init(_ value: Int64) {
        var magnitude = value.magnitude
        var zeros = 0
        while magnitude > 0, magnitude.isMultiple(of: 10) {
            magnitude /= 10
            zeros += 1
        }
        self.init(isNegative: value < 0, short: magnitude, exponent: magnitude == 0 ? 0 : zeros)
    }

    public static let zero = ExactNumber(isNegative: false, short: 0, exponent: 0)

    var isZero: Bool { digits == .short(0) }

    /// A whole number, whatever its size and however it was written.
    public var isInteger: Bool { exponent >= 0 }

    /// Of a whole number that is not negative: its value, at most `Int.max`.
    var count: Int? {
        guard isInteger, !isNegative else { return nil }
        guard case .short(let value) = digits, var count = Int(exactly: value) else { return .max }
        for _ in 0..<(count == 0 ? 0 : min(exponent, 20)) {
            let (product, overflow) = count.multipliedReportingOverflow(by: 10)
            if overflow { return .max }
            count = product
        }
        return count
    }

    /// Each 0…9, the most significant first.
    var decimalDigits: [UInt8] {
        switch digits {
        case .short(let value): value.description.utf8.map { $0 - UInt8(ascii: "0") }
        case .long(let digits): digits
        }
    }

    var digitCount: Int {
        switch digits {
        case .short(let value): value.description.utf8.count
        case .long(let digits): digits.count
        }
    }
}

extension ExactNumber: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.magnitudeIsLess(than: left) : left.magnitudeIsLess(than: right)
    }

    private func magnitudeIsLess(than other: Self) -> Bool {
        if isZero || other.isZero { return isZero && !other.isZero }
        if exponent == other.exponent, case (.short(let left), .short(let right)) = (digits, other.digits) {
            return left < right
        }
        let order = digitCount + exponent
        let otherOrder = other.digitCount + other.exponent
        if order != otherOrder { return order < otherOrder }
        // The first digits have the same weight, and no digits end in zeros: so a prefix is the smaller number.
        return decimalDigits.lexicographicallyPrecedes(other.decimalDigits)
    }
}

extension ExactNumber: CustomStringConvertible {
    /// The number in decimal notation; with an exponent where that would be long.
    public var description: String {
        let sign = isNegative ? "-" : ""
        let text = String(decoding: decimalDigits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
        if exponent >= 0 {
            return exponent <= 20 ? sign + text + String(repeating: "0", count: exponent) : "\(sign)\(text)e\(exponent)"
        }
        let whole = text.utf8.count + exponent
        if whole > 0 { return "\(sign)\(text.prefix(whole)).\(text.dropFirst(whole))" }
        if whole > -10 { return "\(sign)0.\(String(repeating: "0", count: -whole))\(text)" }
        return "\(sign)\(text)e\(exponent)"
    }
}
