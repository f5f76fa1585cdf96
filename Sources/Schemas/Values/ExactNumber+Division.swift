extension ExactNumber {
    /// The largest divisor's digits; more are refused when the schema is compiled.
    static let maximumDivisorDigits = 100

    /// Whether the number is an integer times the divisor, which is not zero. Exact: nothing is rounded, and no power of
    /// ten is written out.
    func isMultiple(of divisor: ExactNumber) -> Bool {
        if isZero { return true }
        let shift = exponent - divisor.exponent
        // Were it a multiple, its digits would be one of 10^-shift; but they do not end in zero.
        guard shift >= 0 else { return false }
        switch divisor.digits {
        case .short(let modulus):
            return Self.product(remainder(modulus), Self.powerOfTen(shift, modulus), modulus) == 0
        case .long(let modulus):
            let long = DecimalRemainder(modulus: modulus)
            return long.isZero(long.product(long.remainder(decimalDigits), long.powerOfTen(shift)))
        }
    }

    /// What a division takes beyond a look at each digit, in operations: long divisors are dear.
    func costOfDivision(by divisor: ExactNumber) -> Int {
        switch divisor.digits {
        case .short: 0
        case .long(let digits): 20_000 + digitCount * digits.count / 4
        }
    }

    private func remainder(_ modulus: UInt64) -> UInt64 {
        switch digits {
        case .short(let value): value % modulus
        case .long(let digits):
            digits.reduce(0) { rest, digit in
                let (sum, overflow) = Self.product(rest, 10, modulus).addingReportingOverflow(UInt64(digit))
                return overflow ? (sum &- modulus) % modulus : sum % modulus
            }
        }
    }

    private static func product(_ left: UInt64, _ right: UInt64, _ modulus: UInt64) -> UInt64 {
        // Both factors are below the modulus or reduced here, so that the quotient fits in one word.
        modulus.dividingFullWidth((left % modulus).multipliedFullWidth(by: right % modulus)).remainder
    }

    private static func powerOfTen(_ exponent: Int, _ modulus: UInt64) -> UInt64 {
        var (result, base, rest) = (1 % modulus, 10 % modulus, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, base, modulus) }
            base = product(base, base, modulus)
            rest >>= 1
        }
        return result
    }
}

/// Arithmetic modulo a number beyond 64 bits, in decimal digits of a fixed width (most significant first).
private struct DecimalRemainder {
    let modulus: [UInt8]
    private let width: Int

    init(modulus: [UInt8]) {
        width = modulus.count + 2
        self.modulus = [0, 0] + modulus
    }

    func isZero(_ value: [UInt8]) -> Bool { value.allSatisfy { $0 == 0 } }

    func remainder(_ digits: [UInt8]) -> [UInt8] {
        var rest = [UInt8](repeating: 0, count: width)
        for digit in digits {
            shift(&rest)
            rest[width - 1] = digit
            reduce(&rest)
        }
        return rest
    }

    func product(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: width)
        for digit in left {
            shift(&result)
            reduce(&result)
            for _ in 0..<digit {
                add(right, to: &result)
                reduce(&result)
            }
        }
        return result
    }

    func powerOfTen(_ exponent: Int) -> [UInt8] {
        var (result, base, rest) = (remainder([1]), remainder([1, 0]), exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, base) }
            base = product(base, base)
            rest >>= 1
        }
        return result
    }

    private func shift(_ value: inout [UInt8]) {
        value.removeFirst()
        value.append(0)
    }

    private func add(_ other: [UInt8], to value: inout [UInt8]) {
        var carry: UInt8 = 0
        for index in value.indices.reversed() {
            let sum = value[index] + other[index] + carry
            carry = sum >= 10 ? 1 : 0
            value[index] = carry == 1 ? sum - 10 : sum
        }
    }

    private func reduce(_ value: inout [UInt8]) {
        while !value.lexicographicallyPrecedes(modulus) {
            var borrow: UInt8 = 0
            for index in value.indices.reversed() {
                let taken = modulus[index] + borrow
                borrow = value[index] < taken ? 1 : 0
                value[index] = borrow == 1 ? value[index] + 10 - taken : value[index] - taken
            }
        }
    }
}
