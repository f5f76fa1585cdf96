/// A defect that a simulation is to find: what the store in memory does wrong on purpose.
public enum PlantedFault: String, Sendable, CaseIterable {
    /// A commit takes outcomes of attempts that are leased to others.
    case fenceUnchecked
    /// A commit writes over a newer revision of its run.
    case revisionUnchecked
    /// One commit in sixteen is answered and never written.
    case answerBeforeCommit
    /// A commit that drops tokens looks for them once, with its first statement's snapshot (engine rule 10).
    case dropWithoutSecondLook
    /// A lease is released by those who do not hold it.
    case releaseWithoutFence
    /// A timer that fires stays.
    case timerFiredTwice
    /// A claimed token stays in `ready`.
    case claimWithoutRemoval
}
