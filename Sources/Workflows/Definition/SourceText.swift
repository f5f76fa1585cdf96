/// The text of a definition with its lines.
struct SourceText: Sendable {
    /// What the user calls it.
    let path: String
    let text: String
    private let bytes: [UInt8]
    /// Where each line begins, in bytes.
    private let lineStarts: [Int]

    /// Largest text that is taken.
    static let maximumSize = 4 << 20

    /// Takes bytes as they came; a byte order mark is dropped.
    init(_ given: [UInt8], path: String) throws(DefinitionError) {
        let bytes = given.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(given.dropFirst(3)) : given
        self.path = path
        self.bytes = bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == 0x0A { starts.append(index + 1) }
        lineStarts = starts
        guard bytes.count <= Self.maximumSize else {
            text = ""
            throw refusal(at: 0, "the definition has \(bytes.count) bytes; at most \(Self.maximumSize) are taken")
        }
        if let index = bytes.firstIndex(of: 0) {
            text = ""
            throw refusal(at: index, "a NUL byte; a definition is text in UTF-8")
        }
        guard let valid = String(validating: bytes, as: UTF8.self) else {
            text = ""
            let index = Self.firstInvalid(bytes)
            throw refusal(at: index, "the byte 0x\(String(bytes[index], radix: 16)) is no UTF-8")
        }
        text = valid
    }

    private static func firstInvalid(_ bytes: [UInt8]) -> Int {
        var offset = 0
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return min(offset, bytes.count - 1)
    }

    private func refusal(at offset: Int, _ message: String) -> DefinitionError {
        let place = place(of: offset)
        let diagnostic = Diagnostic(path: path, line: place.line, column: place.column, message: message)
        return DefinitionError([diagnostic], source: self)
    }

    /// The scalars of a line without its end; bytes that are no UTF-8 are replaced.
    func line(_ number: Int) -> String.UnicodeScalarView? {
        guard lineStarts.indices.contains(number - 1) else { return nil }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self).unicodeScalars
    }

    /// The line and column of a byte.
    func place(of offset: Int) -> SourcePlace {
        var line = 0
        var after = lineStarts.count
        while after - line > 1 {
            let middle = (line + after) / 2
            if lineStarts[middle] <= offset { line = middle } else { after = middle }
        }
        let before = bytes[lineStarts[line]..<min(offset, bytes.count)]
        return SourcePlace(line: line + 1, column: before.count { $0 & 0xC0 != 0x80 } + 1)
    }

    /// The byte at a place.
    private func offset(of place: SourcePlace) -> Int {
        guard lineStarts.indices.contains(place.line - 1) else { return bytes.count }
        var offset = lineStarts[place.line - 1]
        var column = 1
        while offset < bytes.count, column < place.column {
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
            column += 1
        }
        return offset
    }

    /// Where the n-th `${{` (from 0) after a place has its content; escaped ones do not count.
    func hole(_ index: Int, after place: SourcePlace) -> SourcePlace? {
        let opening = Array("${{".utf8)
        var offset = offset(of: place)
        var left = index
        while offset + 3 <= bytes.count {
            guard bytes[offset] == opening[0], bytes[offset..<offset + 3].elementsEqual(opening) else {
                offset += 1
                continue
            }
            if offset == 0 || bytes[offset - 1] != opening[0] {
                if left == 0 { return self.place(of: offset + 3) }
                left -= 1
            }
            offset += 3
        }
        return nil
    }

    /// Spaces at the begin of a line.
    func indent(of line: Int) -> Int { self.line(line)?.prefix { $0 == " " }.count ?? 0 }
}

/// A line and a column, from 1.
struct SourcePlace: Hashable, Sendable {
    var line: Int
    var column: Int
}
