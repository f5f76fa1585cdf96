private import COpenSSL

/// A SHA-256 digest.
struct Digest: Hashable, Sendable {
    private let words: InlineArray<4, UInt64>

    init(of text: String) {
        var text = text
        words = text.withUTF8 { bytes in
            unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
                unsafe SHA256(bytes.baseAddress, bytes.count, digest.baseAddress!.assumingMemoryBound(to: UInt8.self))
                var words = InlineArray<4, UInt64>(repeating: 0)
                for index in 0..<4 { words[index] = unsafe digest.load(fromByteOffset: 8 * index, as: UInt64.self) }
                return words
            }
        }
    }

    static func == (left: Self, right: Self) -> Bool {
        (0..<4).allSatisfy { left.words[$0] == right.words[$0] }
    }

    func hash(into hasher: inout Hasher) {
        // A digest is uniform already.
        hasher.combine(words[0])
    }
}
