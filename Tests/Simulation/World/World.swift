import Engine
import Synchronization
import TestSupport
import Workflows

/// What the parts of one simulation share. Everything runs on one executor, one turn at a time.
final class World: Sendable {
    private struct State {
        var violation: Violation?
        var isRunning = true
        var tasks = 0
        var coverage = Coverage()
        /// Event rows of this transaction and later ones are not visible, until that moment.
        var horizon: (transaction: UInt64, until: Duration)?
    }

    let settings: SimulationSettings
    let time = SimulatedTime()
    let executor: TurnExecutor
    let dice: Dice
    let faults: Faults
    let trace: Trace
    let workload: Workload
    private let state = Mutex(State())

    init(settings: SimulationSettings) throws {
        self.settings = settings
        executor = TurnExecutor(seed: settings.seed)
        dice = Dice(seed: settings.seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        faults = Faults(dice: dice)
        trace = Trace(time: time, executor: executor)
        workload = try Workload(dice: dice)
    }

    /// The store's clock.
    var timestamp: Timestamp { Timestamp(microseconds: 1_800_000_000_000_000) + time.now }

    /// Runs a task among the others.
    func spawn(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.tasks += 1 }
        Task(executorPreference: executor) { [self] in
            await body()
            state.withLock { $0.tasks -= 1 }
        }
    }

    /// Tasks that have not ended.
    var tasks: Int { state.withLock { $0.tasks } }

    /// Events from this transaction on cannot be read yet.
    var horizon: UInt64? {
        let now = time.now
        return state.withLock { state in
            guard let horizon = state.horizon, horizon.until > now, faults.isOn else { return nil }
            return horizon.transaction
        }
    }

    func holdHorizon(at transaction: UInt64, for duration: Duration) {
        let until = time.now + duration
        state.withLock { $0.horizon = (transaction, until) }
    }

    /// Until it is over: nobody tries anything again then.
    var isRunning: Bool { state.withLock { $0.isRunning } }
    func end() { state.withLock { $0.isRunning = false } }

    // MARK: Findings

    /// The first one counts: what follows may follow from it.
    func violate(_ invariant: Invariant, _ detail: String) {
        trace.note("VIOLATION \(invariant): \(detail)")
        state.withLock { state in
            if state.violation == nil { state.violation = Violation(invariant: invariant, detail: detail) }
        }
    }

    var violation: Violation? { state.withLock { $0.violation } }

    func cover(_ what: String) { state.withLock { $0.coverage.note(what) } }

    var coverage: Coverage { state.withLock { $0.coverage } }

    /// Whether the fault happens here.
    func strikes(_ fault: Fault, _ permille: Int, _ detail: @autoclosure () -> String) -> Bool {
        guard faults.strikes(fault, permille) else { return false }
        trace.note("fault \(fault) \(detail())")
        cover("fault \(fault)")
        return true
    }
}
