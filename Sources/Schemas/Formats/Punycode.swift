/// Punycode with the parameters of RFC 3492, section 5.
enum Punycode {
    private static let base = 36
    private static let tMin = 1
    private static let tMax = 26
    private static let initialBias = 72
    private static let initialN = 128

    /// Section 6.2; `nil` where the text is none.
    static func decoded(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
        var output: [Unicode.Scalar] = []
        var input = text
        if let delimiter = text.lastIndex(of: "-") {
            output = Array(text[..<delimiter])
            input = text[(delimiter + 1)...]
        }
        guard !input.isEmpty else { return nil }
        var (n, i, bias) = (initialN, 0, initialBias)
        while !input.isEmpty {
            let previous = i
            var (weight, k) = (1, base)
            while true {
                guard let digit = input.popFirst().flatMap({ value(of: $0) }) else { return nil }
                i += digit * weight
                // Longer than any label; this keeps the arithmetic within its range.
                guard i < 1 << 40 else { return nil }
                let threshold = min(max(k - bias, tMin), tMax)
                if digit < threshold { break }
                weight *= base - threshold
                guard weight < 1 << 40 else { return nil }
                k += base
            }
            bias = adapted(i - previous, output.count + 1, isFirst: previous == 0)
            n += i / (output.count + 1)
            i %= output.count + 1
            guard let scalar = UInt32(exactly: n).flatMap({ Unicode.Scalar($0) }) else { return nil }
            output.insert(scalar, at: i)
            i += 1
        }
        return output
    }

    /// Section 6.3, without the prefix `xn--`; `nil` for more than a label can hold.
    static func encoded(_ scalars: [Unicode.Scalar]) -> String? {
        guard scalars.count <= 63 else { return nil }
        var output = String(String.UnicodeScalarView(scalars.filter(\.isASCII)))
        let basic = output.unicodeScalars.count
        if basic > 0 { output += "-" }
        var (n, delta, bias, handled) = (initialN, 0, initialBias, basic)
        while handled < scalars.count {
            guard let next = scalars.lazy.map({ Int($0.value) }).filter({ $0 >= n }).min() else { return nil }
            delta += (next - n) * (handled + 1)
            n = next
            for scalar in scalars {
                if scalar.value < n { delta += 1 }
                guard scalar.value == n else { continue }
                var (q, k) = (delta, base)
                while true {
                    let threshold = min(max(k - bias, tMin), tMax)
                    if q < threshold { break }
                    output.unicodeScalars.append(digit(threshold + (q - threshold) % (base - threshold)))
                    q = (q - threshold) / (base - threshold)
                    k += base
                }
                output.unicodeScalars.append(digit(q))
                bias = adapted(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return output.lowercased()
    }

    /// Section 6.1.
    private static func adapted(_ delta: Int, _ points: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / points
        var k = 0
        while delta > (base - tMin) * tMax / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + 38)
    }

    private static func value(of scalar: Unicode.Scalar) -> Int? {
        if scalar.isASCIIDigit { return Int(scalar.value) - 48 + 26 }
        return scalar.isASCIILetter ? Int(scalar.value | 0x20) - 97 : nil
    }

    private static func digit(_ value: Int) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(value < 26 ? value + 97 : value - 26 + 48))
    }
}
