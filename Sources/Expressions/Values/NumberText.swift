/// Doubles as text: the fewest digits that read back as the same number, `2` for 2.0, `1.5e+300` from 1e21 on and
/// below 1e-4.
enum NumberText {
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let sign = number.sign == .minus ? "-" : ""
        if number == 0 { return sign + "0" }
        let (digits, point) = decimal(number.magnitude)
        switch point {
        case -3...0: return sign + "0." + String(repeating: "0", count: -point) + digits
        case 1...21:
            if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) }
            return sign + digits.prefix(point) + "." + digits.dropFirst(point)
        default:
            let exponent = point - 1
            let rest = digits.dropFirst()
            let power = String(exponent.magnitude)
            let padded = power.count < 2 ? "0" + power : power
            return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (exponent < 0 ? "-" : "+")
                + padded
        }
    }

    /// The same digits without an exponent, however many zeros that takes.
    static func plain(_ number: Double) -> String {
        guard number.isFinite, number != 0 else { return text(number) }
        let sign = number.sign == .minus ? "-" : ""
        let (digits, point) = decimal(number.magnitude)
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// The significant digits of a positive number, and where its point stands: `digits × 10^(point − digits.count)`.
    private static func decimal(_ number: Double) -> (digits: String, point: Int) {
        let parts = number.description.split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".")
        let whole = halves[0]
        let fraction = halves.count > 1 ? halves[1] : ""
        var digits = String(whole + fraction)
        var point = whole.count + exponent
        while digits.first == "0" {
            digits.removeFirst()
            point -= 1
        }
        while digits.last == "0" { digits.removeLast() }
        return (digits, point)
    }
}
