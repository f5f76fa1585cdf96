/// Cuts the output of a process into chunks of whole lines.
///
/// Pure. A line over the limit is cut, at a character's boundary; invalid UTF-8 and NUL become U+FFFD; output over the
/// total is dropped.
struct OutputLines {
    static let lineLimit = 16 << 10

    private var rest: [UInt8] = []

    /// Takes bytes and answers text of whole lines, each with its line feed; empty when no line has ended.
    mutating func append(_ bytes: ArraySlice<UInt8>) -> String {
        guard !bytes.isEmpty else { return "" }
        rest.append(contentsOf: bytes)
        var text = ""
        var start = 0
        while start < rest.count {
            let window = min(rest.count, start + Self.lineLimit)
            if let end = rest[start..<window].lastIndex(of: Self.lineFeed) {
                text += Self.text(rest[start...end])
                start = end + 1
            } else if rest.count - start > Self.lineLimit {
                let cut = Self.boundary(in: rest, from: start, at: start + Self.lineLimit)
                text += Self.text(rest[start..<cut]) + "\n"
                start = cut
            } else {
                break
            }
        }
        rest.removeFirst(start)
        return text
    }

    /// The line that has not ended, when it has waited long enough or the output is over.
    mutating func flush() -> String {
        defer { rest.removeAll(keepingCapacity: true) }
        return Self.text(rest[...])
    }

    var hasRest: Bool { !rest.isEmpty }

    private static let lineFeed = UInt8(ascii: "\n")

    /// The last place not after `index` that is not inside a UTF-8 sequence (which has at most four bytes).
    static func boundary(in bytes: [UInt8], from start: Int, at index: Int) -> Int {
        var cut = index
        while cut > start, index - cut < 4, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
        return cut > start && bytes[cut] & 0xC0 != 0x80 ? cut : index
    }

    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
