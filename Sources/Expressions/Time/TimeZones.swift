import Synchronization

/// Finds a time zone's offset from UTC. Fixed offsets (`+02:00`, `-08:00`, `UTC`) are known by themselves; rules of
/// named zones (`Europe/Berlin`) are TZif files (RFC 8536) that the given function loads, once each.
public final class TimeZones: Sendable {
    private let load: @Sendable (String) -> [UInt8]?
    private let known = Mutex<[String: TimeZoneRules]>([:])

    /// - Parameter load: The TZif file of a zone by its name, which holds only letters, digits, `_`, `-`, `+` and single
    ///   slashes between them; `nil` when there is none.
    public init(load: @escaping @Sendable (String) -> [UInt8]?) { self.load = load }

    /// Knows no named zones.
    public static let fixedOnly = TimeZones { _ in nil }

    /// Seconds east of UTC at that time; `nil` for a zone that is not known.
    func offset(of zone: String, at seconds: Int64) -> Int? {
        if let fixed = Self.fixed(zone) { return fixed }
        return rules(of: zone)?.offset(at: seconds)
    }

    private func rules(of zone: String) -> TimeZoneRules? {
        if let rules = known.withLock({ $0[zone] }) { return rules }
        guard Self.isName(zone), let bytes = load(zone), let rules = TimeZoneRules(parsing: bytes) else { return nil }
        known.withLock { $0[zone] = rules }
        return rules
    }

    private static func isName(_ zone: String) -> Bool {
        let segments = zone.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return zone.utf8.count <= 64
            && segments.allSatisfy { segment in
                !segment.isEmpty
                    && segment.allSatisfy { byte in
                        let scalar = UnicodeScalar(byte)
                        return scalar.properties.isAlphabetic && byte < 128 || scalar.decimalDigit != nil
                            || scalar == "_" || scalar == "-" || scalar == "+"
                    }
            }
    }

    private static func fixed(_ zone: String) -> Int? {
        if zone == "UTC" || zone == "Z" || zone == "" { return 0 }
        var text = zone.utf8[...]
        var sign = 1
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            text.removeFirst()
        }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            parts.allSatisfy({ $0.allSatisfy { (48...57).contains($0) } }),
            let hours = Int(Substring(parts[0])), let minutes = Int(Substring(parts[1])), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
