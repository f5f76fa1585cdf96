import Glibc

/// How many tasks of each pool a worker takes at once.
struct WorkerSlots {
    var cpu: Int
    var io: Int

    /// A slot a core, and eight for what mostly waits.
    static var standard: WorkerSlots { WorkerSlots(cpu: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), io: 8) }

    var text: String { "cpu \(cpu), io \(io)" }
}
