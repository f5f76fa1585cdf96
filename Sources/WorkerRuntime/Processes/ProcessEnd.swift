private import CLinux

/// How a family of processes ended and what it used.
struct ProcessEnd: Sendable, Equatable {
    enum Status: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    var status = Status.exited(0)
    /// User and system time of the leader, the children that it waited for, and the orphans that were reaped.
    var cpu = Duration.zero
    /// The largest resident set of a single process, in bytes.
    var peakMemory: Int64 = 0
    /// Processes that were still alive when the leader had ended, and were killed.
    var survivors: Set<Int32> = []

    /// Reaps a child and adds what it used; whether it had ended.
    ///
    /// - Parameter wait: wait for its end.
    mutating func reap(_ process: Int32, wait: Bool, isLeader: Bool) -> Bool {
        var end = clinux_end()
        guard unsafe clinux_reap(process, wait ? 1 : 0, &end) == process else { return false }
        cpu += .microseconds(end.cpu_microseconds)
        peakMemory = max(peakMemory, end.peak_memory_bytes)
        if isLeader { status = end.signalled != 0 ? .signalled(end.code) : .exited(end.code) }
        return true
    }
}
