/// One value as it may stand in text: as it is or escaped in any mixture of the usual ways, in hexadecimal, or within
/// base64 (RFC 4648), where its neighbours may be encoded together with it.
struct SecretPattern: Sendable {
    /// Whether a text has the value at a place.
    struct Found: Equatable {
        /// Where the value is over.
        var end: Int?
        /// The text ends before everything can be said: more of it may make a match, or a longer one.
        var isUnclear = false
    }

    private enum Form: Sendable {
        /// A character of the value; its ways are found when they are needed.
        case scalars([Unicode.Scalar])
        /// A value that is no UTF-8 text.
        case octets([UInt8])
        case hexadecimal([UInt8])
        /// Characters of base64, without those that neighbours have a part in.
        case base64([UInt8])
    }

    /// Characters whose ways are kept: most looks end at the first ones.
    private static let keptWays = 64

    private let form: Form
    private let count: Int
    private let kept: [[[UInt8]]]
    private let beginnings: [Bool]

    private init(_ form: Form) {
        self.form = form
        count =
            switch form {
            case .scalars(let scalars): scalars.count
            case .octets(let octets), .hexadecimal(let octets), .base64(let octets): octets.count
            }
        let kept = (0..<min(count, Self.keptWays)).map { Self.ways(of: $0, in: form) }
        self.kept = kept
        let firsts = Set(kept.first?.compactMap(\.first) ?? [])
        beginnings = (0...UInt8.max).map(firsts.contains)
    }

    /// Every pattern of a value.
    static func all(of value: [UInt8]) -> [Self] {
        var forms: [Form]
        if let text = String(validating: value, as: UTF8.self) {
            forms = [.scalars(Array(text.unicodeScalars))]
        } else {
            forms = [.octets(value)]
        }
        forms.append(.hexadecimal(value))
        for offset in 0..<3 { forms.append(.base64(Self.core(of: value, offset: offset))) }
        return forms.map(Self.init)
    }

    /// Whether a match can begin with this byte.
    func canBegin(with byte: UInt8) -> Bool { beginnings[Int(byte)] }

    /// Looks whether the value begins at a place of a text.
    func find(in text: ArraySlice<UInt8>, at start: Int) -> Found {
        var places = [start]
        var isUnclear = false
        for index in 0..<count {
            var next: [Int] = []
            let ways = index < kept.count ? kept[index] : Self.ways(of: index, in: form)
            for place in places {
                for place in index == 0 ? [place] : pastFillers(place, in: text, &isUnclear) {
                    for way in ways {
                        guard let end = Self.end(of: way, in: text, at: place, &isUnclear) else { continue }
                        if !next.contains(end) { next.append(end) }
                    }
                }
            }
            places = next
            if places.isEmpty { break }
        }
        return Found(end: places.max(), isUnclear: isUnclear)
    }

    private static func end(
        of way: [UInt8], in text: ArraySlice<UInt8>, at place: Int, _ isUnclear: inout Bool
    ) -> Int? {
        let rest = text.endIndex - place
        for (offset, byte) in way.enumerated() {
            guard offset < rest else {
                isUnclear = true
                return nil
            }
            if text[place + offset] != byte { return nil }
        }
        return place + way.count
    }

    /// The place itself, and the one behind what stands between the characters of wrapped base64 and hexadecimal.
    private func pastFillers(_ place: Int, in text: ArraySlice<UInt8>, _ isUnclear: inout Bool) -> [Int] {
        let fillers: [[UInt8]]
        switch form {
        case .scalars, .octets: return [place]
        case .base64: fillers = Self.lineEnds
        case .hexadecimal: fillers = Self.lineEnds + Self.separators
        }
        var places = [place]
        var last = place
        // A line's end and the indentation behind it, say.
        search: for _ in 0..<4 {
            for filler in fillers {
                guard let end = Self.end(of: filler, in: text, at: last, &isUnclear) else { continue }
                places.append(end)
                last = end
                continue search
            }
            break
        }
        return places
    }

    private static let lineEnds = ["\r\n", "\n", #"\r\n"#, #"\n"#].map { Array($0.utf8) }
    private static let separators = [" ", ":", "-", #"\x"#, "0x", ", "].map { Array($0.utf8) }

    // MARK: - Ways to write one character

    private static func ways(of index: Int, in form: Form) -> [[UInt8]] {
        switch form {
        case .scalars(let scalars): ways(of: scalars[index])
        case .octets(let octets): [[octets[index]]] + escapes(of: [octets[index]])
        case .hexadecimal(let octets): [false, true].map { hexadecimal(octets[index], upper: $0) }
        case .base64(let characters):
            switch characters[index] {
            case UInt8(ascii: "+"): ["+", "-", "%2B", "%2b"].map { Array($0.utf8) }
            case UInt8(ascii: "/"): ["/", "_", #"\/"#, "%2F", "%2f"].map { Array($0.utf8) }
            case let other: [[other]]
            }
        }
    }

    private static func ways(of scalar: Unicode.Scalar) -> [[UInt8]] {
        let octets = Array(String(scalar).utf8)
        var ways = [octets] + escapes(of: octets)
        // JSON's \u (RFC 8259 §7), in two parts beyond the first 65,536 characters.
        let units = Array(String(scalar).utf16)
        for upper in [false, true] {
            ways.append(
                units.flatMap { unit in
                    Array(#"\u"#.utf8) + hexadecimal(UInt8(unit >> 8), upper: upper)
                        + hexadecimal(UInt8(unit & 255), upper: upper)
                })
        }
        ways += (words[scalar] ?? []).map { Array($0.utf8) }
        return ways
    }

    /// Percent-encoding (RFC 3986 §2.1) and `\x`.
    private static func escapes(of octets: [UInt8]) -> [[UInt8]] {
        ["%", #"\x"#].flatMap { mark in
            [false, true].map { upper in
                octets.flatMap { Array(mark.utf8) + hexadecimal($0, upper: upper) }
            }
        }
    }

    /// Characters that JSON, forms, HTML or a shell write in a way of their own.
    private static let words: [Unicode.Scalar: [String]] = [
        "\"": [#"\""#, #"\\\""#, "&quot;", "&#34;"], "\\": [#"\\"#, #"\\\\"#], "/": [#"\/"#], " ": ["+"],
        "\n": [#"\n"#, #"\\n"#, "\r\n"], "\r": [#"\r"#], "\t": [#"\t"#], "\u{8}": [#"\b"#], "\u{c}": [#"\f"#],
        "&": ["&amp;"], "<": ["&lt;"], ">": ["&gt;"], "'": [#"'\''"#, #"\'"#, "&#39;", "&apos;"], "$": [#"\$"#],
        "`": [#"\`"#],
    ]

    private static func hexadecimal(_ byte: UInt8, upper: Bool) -> [UInt8] {
        let digits = Array((upper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The characters of base64 that are made of the value's bits alone, when so many bytes stand before it.
    private static func core(of value: [UInt8], offset: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let bits = value.count * 8
        var characters: [UInt8] = []
        // Where the first whole group of six bits begins within the value.
        var bit = (6 - offset * 8 % 6) % 6
        while bit + 6 <= bits {
            let (byte, shift) = (bit / 8, bit % 8)
            let pair = UInt16(value[byte]) << 8 | UInt16(byte + 1 < value.count ? value[byte + 1] : 0)
            characters.append(alphabet[Int(pair >> UInt16(10 - shift) & 63)])
            bit += 6
        }
        return characters
    }
}
