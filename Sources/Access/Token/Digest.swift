private import COpenSSL

/// A SHA-256 digest (FIPS 180-4).
public struct Digest: Hashable, Sendable {
    private let words: InlineArray<4, UInt64>

    /// Of the bytes.
    public init(of bytes: [UInt8]) {
        words = unsafe bytes.withUnsafeBufferPointer { unsafe Self.digest($0) }
    }

    /// Of the text's UTF-8.
    init(of text: String) {
        var text = text
        words = text.withUTF8 { unsafe Self.digest($0) }
    }

    /// One that was stored; `nil` unless there are 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words = InlineArray<4, UInt64>(repeating: 0)
        for (index, byte) in bytes.enumerated() { words[index / 8] |= UInt64(byte) << (8 * UInt64(index % 8)) }
        self.words = words
    }

    /// Its 32 bytes.
    public var bytes: [UInt8] {
        (0..<4).flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: words[word] >> (8 * UInt64($0))) } }
    }

    public static func == (left: Self, right: Self) -> Bool {
        (0..<4).allSatisfy { left.words[$0] == right.words[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        // A digest is uniform already.
        hasher.combine(words[0])
    }

    private static func digest(_ bytes: UnsafeBufferPointer<UInt8>) -> InlineArray<4, UInt64> {
        unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            unsafe SHA256(bytes.baseAddress, bytes.count, digest.baseAddress!.assumingMemoryBound(to: UInt8.self))
            var words = InlineArray<4, UInt64>(repeating: 0)
            for index in 0..<4 {
                words[index] = unsafe UInt64(littleEndian: digest.load(fromByteOffset: 8 * index, as: UInt64.self))
            }
            return words
        }
    }
}
