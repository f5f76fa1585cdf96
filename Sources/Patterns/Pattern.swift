private import CRE2

/// A regular expression in the syntax of RE2, compiled. Matching takes time linear in the subject, whatever the pattern
/// (decision 0010), and a bounded amount of memory.
///
/// Subjects and patterns are UTF-8; `.` and classes take whole code points.
@safe
public final class Pattern: Sendable {
    /// What was compiled.
    public let source: String
    // libre2: "an RE2 object is safe for concurrent use by multiple threads" as long as it is only matched with.
    private nonisolated(unsafe) let raw: OpaquePointer
    /// Capturing groups that it has.
    public let groupCount: Int
    /// Instructions of the program: by them, a caller may bound what compiling and matching cost.
    public let programSize: Int

    /// Bytes that a pattern's program and its matching caches may take by default.
    public static let defaultMemory = 1 << 20

    /// - Parameters:
    ///   - memory: Bytes that the program and the caches of matching may take; a pattern that needs more is refused.
    /// - Throws: What is wrong with the pattern, and where.
    public init(
        _ source: String, ignoringCase: Bool = false, memory: Int = Pattern.defaultMemory
    ) throws(PatternError) {
        var error = cre2_error()
        let options = cre2_options(ignores_case: ignoringCase, memory: memory)
        let text = Array(source.utf8)
        let compiled = unsafe text.withUnsafeBytes { bytes in
            unsafe cre2_compile(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, options, &error)
        }
        guard let compiled = unsafe compiled else {
            let message = unsafe withUnsafeBytes(of: &error.message) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw PatternError(message, offset: error.offset < 0 ? nil : error.offset, length: error.length)
        }
        self.source = source
        unsafe raw = compiled
        groupCount = Int(unsafe cre2_group_count(compiled))
        programSize = Int(unsafe cre2_program_size(compiled))
    }

    deinit { unsafe cre2_free(raw) }

    /// Whether it matches anywhere in the subject.
    public func matches(_ subject: String) -> Bool { match(in: subject, from: 0, isWhole: false, ranges: 0) != nil }

    /// Whether it matches the subject from its begin to its end.
    public func matchesWhole(_ subject: String) -> Bool { match(in: subject, from: 0, isWhole: true, ranges: 0) != nil }

    /// The first match at or after a UTF-8 offset, with its groups. What stands before the offset still counts as the
    /// surroundings of the match: `^` and `\b` see it.
    public func firstMatch(in subject: String, from offset: Int = 0) -> PatternMatch? {
        guard let ranges = match(in: subject, from: offset, isWhole: false, ranges: groupCount + 1),
            let whole = ranges.first ?? nil
        else { return nil }
        return PatternMatch(range: whole, groups: Array(ranges.dropFirst()))
    }

    /// The matches from left to right that do not overlap, at most `limit` of them. Each search may read the rest of the
    /// subject.
    public func allMatches(in subject: String, limit: Int = .max) -> [PatternMatch] {
        var found: [PatternMatch] = []
        forEachMatch(in: subject, limit: limit) { found.append($0) }
        return found
    }

    /// Hands out the matches one after the other, so that the caller may stop by throwing.
    public func forEachMatch<Failure: Error>(
        in subject: String, limit: Int = .max, _ body: (PatternMatch) throws(Failure) -> Void
    ) throws(Failure) {
        let utf8 = Array(subject.utf8)
        var count = 0
        var end: Int?
        var offset = 0
        while count < limit, offset <= utf8.count, let match = firstMatch(in: subject, from: offset) {
            // An empty match that touches the one before it is none.
            if match.range.isEmpty, match.range.lowerBound == end {
                offset = Self.next(offset, in: utf8)
                continue
            }
            count += 1
            end = match.range.upperBound
            offset = match.range.isEmpty ? Self.next(match.range.upperBound, in: utf8) : match.range.upperBound
            try body(match)
        }
    }

    /// The offset of the code point after the one at `offset`.
    private static func next(_ offset: Int, in utf8: [UInt8]) -> Int {
        var offset = offset + 1
        while offset < utf8.count, utf8[offset] & 0xC0 == 0x80 { offset += 1 }
        return offset
    }

    /// `ranges` counts what is wanted: 0 for none, the whole match and each group one.
    private func match(in subject: String, from offset: Int, isWhole: Bool, ranges count: Int) -> [Range<Int>?]? {
        guard offset <= subject.utf8.count else { return nil }
        var subject = subject
        var ranges = [cre2_range](repeating: cre2_range(begin: -1, end: -1), count: count)
        let status = subject.withUTF8 { bytes in
            // An empty subject must be no null pointer: to libre2 that is a group that took no part.
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe withUnsafePointer(to: CChar(0)) { empty in
                    unsafe cre2_match(
                        raw, characters.baseAddress ?? empty, characters.count, offset, isWhole, &ranges, Int32(count))
                }
            }
        }
        precondition(status >= 0, "libre2 ran out of memory")
        guard status > 0 else { return nil }
        return ranges.map { $0.begin < 0 ? nil : $0.begin..<$0.end }
    }
}
