/// Cuts a stream of bytes into lines.
struct LineSplitter {
    enum Line: Hashable {
        case whole([UInt8])
        /// Longer than is taken; its bytes are gone.
        case tooLong
    }

    private let limit: Int
    private var rest: [UInt8] = []
    private var isTooLong = false

    init(limit: Int) { self.limit = limit }

    /// The lines that these bytes complete.
    mutating func add(_ bytes: ArraySlice<UInt8>) -> [Line] {
        var lines: [Line] = []
        var bytes = bytes
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            take(bytes[..<end])
            lines.append(next())
            bytes = bytes[(end + 1)...]
        }
        take(bytes)
        return lines
    }

    /// The last line, when the stream ended without a line feed.
    mutating func finish() -> Line? { rest.isEmpty && !isTooLong ? nil : next() }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong, rest.count + bytes.count <= limit else {
            isTooLong = true
            rest = []
            return
        }
        rest += bytes
    }

    private mutating func next() -> Line {
        defer {
            rest = []
            isTooLong = false
        }
        return isTooLong ? .tooLong : .whole(rest)
    }
}
