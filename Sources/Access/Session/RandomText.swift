/// Random text of credentials: five bits a character, without letters that people misread.
enum RandomText {
    /// Crockford's base 32.
    static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    static func make(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<count).map { _ in alphabet[Int(truncatingIfNeeded: generator.next() & 31)] }, as: UTF8.self)
    }

    static func isRandomText(_ text: some Sequence<UInt8>) -> Bool { text.allSatisfy { alphabet.contains($0) } }
}
