import Expressions

/// The time zones that this machine knows: files of tzdata.
enum ZoneFiles {
    private static let folder = "/usr/share/zoneinfo"

    static let zones = TimeZones { name in try? FileContents.read("\(folder)/\(name)", limit: 64 << 10) }
}
