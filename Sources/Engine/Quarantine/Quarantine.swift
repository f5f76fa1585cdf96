public import Workflows

/// Steps whose attempts take their workers down with them (engine rule 23).
///
/// After `suspicion` losses a step runs alone on its worker; only a loss alone quarantines it. Losses in a mass expiry,
/// of many workers at once, count for nobody.
public enum Quarantine {
    /// Losses after which a step is a suspect.
    public static let suspicion: Int16 = 2
    /// Losses in all, those in mass expiries too, after which it is one anyway: else steps that take their workers down
    /// at the same time, again and again, would hide behind each other.
    public static let patience = 5

    /// Why a quarantined step has failed.
    public static func failure(losses: Int16, worker: String?) -> StepFailure {
        StepFailure(
            kind: .quarantined, code: "poison_task",
            message: """
                the step was lost \(Int(losses) + 1) times with its worker, the last time alone on \(worker ?? "a worker"); \
                look at that worker's end (memory, crash), mend the step, and run it again
                """, retryable: false)
    }
}

extension LeasedTask {
    /// It must have its worker for itself.
    var isSuspect: Bool { losses >= Quarantine.suspicion }
}
