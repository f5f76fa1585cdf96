private import CLinux
import Glibc
import Synchronization

/// The processes that tasks have started, and those that these have started in turn.
///
/// Each task's first process leads a session of its own, and this process adopts orphans (`PR_SET_CHILD_SUBREAPER`,
/// prctl(2)). So when a leader has ended, whatever survives of its family hangs below a direct child of this process:
/// one of the leader's session, or one that has left it by `setsid` and is known by the idempotency key in its
/// environment. Killing the direct children until none is left therefore ends all of them.
///
/// A process that both leaves the session and empties its environment is not recognised.
enum ProcessFamily {
    /// Leaders that have not been reaped. Spawning, killing and reaping happen under this lock, so that no process id
    /// is reused between a look at it and a signal to it.
    private static let leaders = Mutex<Set<Int32>>([])

    /// Makes this process adopt the orphans below it. Idempotent; for all of the process.
    static func adoptOrphans() throws(SystemError) {
        guard clinux_become_subreaper() == 0 else { throw .last("prctl") }
    }

    /// Starts a leader; `spawn` answers its id.
    static func begin(_ spawn: () throws(SystemError) -> Int32) throws(SystemError) -> Int32 {
        let result: Result<Int32, SystemError> = leaders.withLock { leaders in
            do throws(SystemError) {
                let pid = try spawn()
                leaders.insert(pid)
                return .success(pid)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Sends a signal to the leader's process group.
    static func signal(_ leader: Int32, _ signal: Int32) {
        leaders.withLock { leaders in
            if leaders.contains(leader) { _ = kill(-leader, signal) }
        }
    }

    /// Reaps a leader that has ended, after the rest of its family, and answers how it ended and what all of them used.
    ///
    /// - Parameter mark: the text `BEAMLINE_IDEMPOTENCY_KEY=…` that stands in the environment of the family.
    static func end(_ leader: Int32, mark: [UInt8]) -> ProcessEnd {
        var end = ProcessEnd()
        // A child that is being killed may have started another meanwhile, which only then becomes ours.
        for round in 0..<2000 {
            let found = leaders.withLock { leaders in sweep(leader, mark: mark, leaders: leaders, end: &end) }
            if !found { break }
            usleep(round < 20 ? 500 : 2000)
        }
        leaders.withLock { leaders in
            _ = end.reap(leader, wait: true, isLeader: true)
            leaders.remove(leader)
        }
        return end
    }

    /// Kills and reaps the direct children that belong to the family; whether there was any.
    private static func sweep(_ leader: Int32, mark: [UInt8], leaders: Set<Int32>, end: inout ProcessEnd) -> Bool {
        _ = kill(-leader, SIGKILL)
        var found = false
        for child in children() where !leaders.contains(child) {
            guard let stat = ProcStat.of(child), stat.session != getsid(0) else { continue }
            if stat.isZombie {
                _ = end.reap(child, wait: false, isLeader: false)
                // What hung below it may just have become ours.
                found = true
            } else if stat.session == leader || environment(of: child, holds: mark) {
                if kill(child, SIGKILL) == 0 { end.survivors.insert(child) }
                found = true
            }
        }
        return found
    }

    /// The direct children of this process (proc_pid_task_children(5)).
    static func children() -> [Int32] {
        var children: [Int32] = []
        for thread in entries("/proc/self/task") {
            guard let text = try? FileHandle.contents(of: "/proc/self/task/\(thread)/children", limit: 1 << 20)
            else { continue }
            children += text.split(separator: UInt8(ascii: " ")).compactMap {
                Int32(String(decoding: $0, as: UTF8.self))
            }
        }
        return children
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.first != "." { names.append(name) }
        }
        return names
    }

    private static func environment(of pid: Int32, holds mark: [UInt8]) -> Bool {
        guard let text = try? FileHandle.contents(of: "/proc/\(pid)/environ", limit: 4 << 20) else { return false }
        return text.split(separator: 0).contains { $0.elementsEqual(mark) }
    }
}
