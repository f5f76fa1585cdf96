/// A timestamp as a clock and a calendar show it at some offset from UTC.
struct CivilTime: Hashable, Sendable {
    var date: CivilDate
    /// Since midnight.
    var seconds: Int
    var nanoseconds: Int

    init(_ timestamp: Timestamp, offset: Int = 0) {
        let local = Int(timestamp.seconds) + offset
        let days = CivilDate.floorDivide(local, 86_400)
        date = CivilDate(days: days)
        seconds = local - days * 86_400
        nanoseconds = Int(timestamp.nanoseconds)
    }

    var hour: Int { seconds / 3600 }
    var minute: Int { seconds / 60 % 60 }
    var second: Int { seconds % 60 }
}
