/// What `/proc/PID/stat` says of a process (proc(5)).
struct ProcStat: Equatable {
    var pid: Int32
    var state: UInt8
    var parent: Int32
    var group: Int32
    var session: Int32

    var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

    /// The command stands in parentheses and may itself hold spaces and parentheses, so fields are counted from the
    /// last one.
    init?(parsing text: [UInt8]) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), let close = text.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        let fields = text[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 4, let state = fields[0].first,
            let pid = Self.number(text[..<open]), let parent = Self.number(fields[1]),
            let group = Self.number(fields[2]), let session = Self.number(fields[3])
        else { return nil }
        (self.pid, self.state, self.parent, self.group, self.session) = (pid, state, parent, group, session)
    }

    /// `nil` when there is no such process.
    static func of(_ pid: Int32) -> ProcStat? {
        guard let text = try? FileHandle.contents(of: "/proc/\(pid)/stat", limit: 4096) else { return nil }
        return ProcStat(parsing: text)
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int32? {
        Int32(String(decoding: text.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self))
    }
}
