/// Durations of ISO 8601 by the grammar of RFC 3339, appendix A: units in their order, none left out between two others,
/// weeks alone.
enum DurationFormat {
    static func accepts(_ text: String) -> Bool {
        var reader = DigitReader(Array(text.utf8)[...])
        guard reader.take("P") else { return false }
        let date = units(["Y", "M", "D"], &reader, orAlone: "W")
        switch date {
        case .malformed: return false
        case .alone: return reader.isAtEnd
        case .none, .some: break
        }
        guard reader.take("T") else { return date == .some && reader.isAtEnd }
        return units(["H", "M", "S"], &reader, orAlone: nil) == .some && reader.isAtEnd
    }

    private enum Found {
        case none, some, alone, malformed
    }

    private static func units(
        _ units: [Unicode.Scalar], _ reader: inout DigitReader, orAlone alone: Unicode.Scalar?
    ) -> Found {
        var next: Int?
        while reader.digits() > 0 {
            if let alone, next == nil, reader.take(alone) { return .alone }
            // The first unit may be any; behind one only the very next may stand.
            let candidates = next.map { $0..<min($0 + 1, units.count) } ?? units.indices
            guard let taken = candidates.first(where: { reader.take(units[$0]) }) else { return .malformed }
            next = taken + 1
        }
        return next == nil ? .none : .some
    }
}
