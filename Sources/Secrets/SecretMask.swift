/// Takes secrets out of text and JSON, however they are written there.
///
/// What a worker masks is masked again by the server, so a worker of another make, or an old one, gives nothing away.
public struct SecretMask: Sendable {
    /// What stands in the place of a secret.
    public static let replacement = "***"
    /// Shorter values are left alone: they are in every other text by chance.
    public static let shortest = 4
    /// Of a value of many lines each line of this length is one, too: programs print line by line.
    private static let shortestLine = 8

    private let patterns: [SecretPattern]
    /// Whether some match can begin with this byte.
    private let beginnings: [Bool]

    /// `nil` when there is nothing to look for.
    public init?(_ values: some Sequence<[UInt8]>) {
        var wanted: Set<[UInt8]> = []
        for value in values {
            wanted.insert(value)
            let lines = value.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            guard lines.count > 1 else { continue }
            for line in lines where line.count >= Self.shortestLine { wanted.insert(Array(line)) }
        }
        wanted = wanted.filter { $0.count >= Self.shortest }
        guard !wanted.isEmpty else { return nil }
        let patterns = wanted.flatMap(SecretPattern.all)
        self.patterns = patterns
        beginnings = (0...UInt8.max).map { byte in patterns.contains { $0.canBegin(with: byte) } }
    }

    /// The text without secrets.
    public func masked(_ text: [UInt8]) -> [UInt8] {
        var stream = SecretStream(self)
        return stream.take(text) + stream.finish()
    }

    /// The text without secrets.
    public func masked(_ text: String) -> String { String(decoding: masked(Array(text.utf8)), as: UTF8.self) }

    /// Whether a secret begins at a place of a text; of several the longest.
    func find(in text: ArraySlice<UInt8>, at place: Int) -> SecretPattern.Found {
        let byte = text[place]
        var found = SecretPattern.Found()
        guard beginnings[Int(byte)] else { return found }
        for pattern in patterns where pattern.canBegin(with: byte) {
            let one = pattern.find(in: text, at: place)
            if let end = one.end { found.end = max(found.end ?? end, end) }
            found.isUnclear = found.isUnclear || one.isUnclear
        }
        return found
    }
}

/// Masks a text that comes in parts: what may be the beginning of a secret waits for the next part.
public struct SecretStream: Sendable {
    private let mask: SecretMask
    private var held: [UInt8] = []

    public init(_ mask: SecretMask) { self.mask = mask }

    /// Takes the next part, and answers what may go on.
    public mutating func take(_ part: [UInt8]) -> [UInt8] { clean(held.isEmpty ? part : held + part, isLast: false) }

    /// The text is over: answers what has waited.
    public mutating func finish() -> [UInt8] { clean(held, isLast: true) }

    private mutating func clean(_ text: [UInt8], isLast: Bool) -> [UInt8] {
        held = []
        var clean: [UInt8] = []
        clean.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            let found = mask.find(in: text[...], at: place)
            if found.isUnclear, !isLast {
                held = Array(text[place...])
                return clean
            }
            if let end = found.end {
                clean += Array(SecretMask.replacement.utf8)
                place = end
            } else {
                clean.append(text[place])
                place += 1
            }
        }
        return clean
    }
}
