/// Reads the parts of a TZif file (RFC 8536, section 3) one after the other.
struct TimeZoneReader {
    private let content: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { content = bytes }

    struct Header {
        var version: Int
        var isUTCCount: Int
        var isStandardCount: Int
        var leapCount: Int
        var transitionCount: Int
        var kindCount: Int
        var nameSize: Int

        /// Bytes of the data block, when a time takes that many.
        func size(ofTime width: Int) -> Int {
            transitionCount * (width + 1) + kindCount * 6 + nameSize + leapCount * (width + 4) + isStandardCount
                + isUTCCount
        }

        /// Bytes after the local time kinds in a block of times of 64 bits.
        var sizeAfterKinds: Int { nameSize + leapCount * 12 + isStandardCount + isUTCCount }
    }

    mutating func header() -> Header? {
        guard let magic = bytes(4), magic.elementsEqual("TZif".utf8), let version = bytes(1)?.first,
            bytes(15) != nil, let counts = integers(6, width: 4), counts.allSatisfy({ (0...100_000).contains($0) })
        else { return nil }
        return Header(
            version: version < 0x32 ? 1 : Int(version) - 0x30, isUTCCount: Int(counts[0]),
            isStandardCount: Int(counts[1]), leapCount: Int(counts[2]), transitionCount: Int(counts[3]),
            kindCount: Int(counts[4]), nameSize: Int(counts[5]))
    }

    mutating func skip(_ count: Int) { position += count }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard position + count <= content.count else { return nil }
        defer { position += count }
        return content[position..<position + count]
    }

    /// Signed, the most significant byte first.
    mutating func integers(_ count: Int, width: Int) -> [Int64]? {
        guard let bytes = bytes(count * width) else { return nil }
        return (0..<count).map { index in
            let begin = bytes.startIndex + index * width
            let value = bytes[begin..<begin + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
        }
    }

    /// The rule after the last transition, between two line feeds.
    mutating func footer() -> String? {
        guard bytes(1)?.first == UInt8(ascii: "\n"), position <= content.count,
            let end = content[position...].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return String(decoding: content[position..<end], as: UTF8.self)
    }
}
