/// The rules of a time zone, from a TZif file (RFC 8536).
struct TimeZoneRules: Sendable {
    /// Moments from which an offset holds, in order: seconds since 1970 and seconds east of UTC.
    private let transitions: [(at: Int64, offset: Int)]
    /// Before the first transition.
    private let first: Int
    /// After the last transition.
    private let tail: YearlyRule?

    func offset(at seconds: Int64) -> Int {
        guard let last = transitions.last else { return tail?.offset(at: seconds) ?? first }
        if seconds >= last.at, let tail { return tail.offset(at: seconds) }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : transitions[low - 1].offset
    }

    /// `nil` when the file is not whole, or of version 1, which ends in 2038.
    init?(parsing bytes: [UInt8]) {
        var reader = TimeZoneReader(bytes: bytes)
        guard let old = reader.header(), old.version >= 2 else { return nil }
        reader.skip(old.size(ofTime: 4))
        guard let header = reader.header() else { return nil }
        guard let times = reader.integers(header.transitionCount, width: 8),
            let kinds = reader.bytes(header.transitionCount), header.kindCount > 0
        else { return nil }
        var offsets: [Int] = []
        for _ in 0..<header.kindCount {
            guard let offset = reader.integers(1, width: 4)?.first, reader.bytes(2) != nil else { return nil }
            offsets.append(Int(offset))
        }
        guard kinds.allSatisfy({ Int($0) < offsets.count }) else { return nil }
        reader.skip(header.sizeAfterKinds)
        transitions = zip(times, kinds).map { ($0, offsets[Int($1)]) }
        first = offsets[0]
        tail = reader.footer().flatMap { YearlyRule(parsing: $0) }
    }
}
