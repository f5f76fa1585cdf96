/// What must hold in every simulation, by name.
package enum Invariant: String, Sendable, CaseIterable {
    case acknowledgedRunKept = "an acknowledged run exists, and its key never names another"
    case everyRunEnds = "every run ends once the faults have stopped"
    case everyOutcomeAnswered = "every outcome is answered once the faults have stopped"
    case succeedsOnce = "no step succeeds twice"
    case attemptsRise = "the attempts of a step strictly rise"
    case tokensConserved = "a live step has one token, any other none"
    case endedHasNoTokens = "an ended run has no tokens, and stays ended"
    case recordedIsInHistory = "an outcome that was answered recorded is in the history"
    case staleIsNotInHistory = "an outcome that was answered stale is not in the history"
    case cancelledIsCancelled = "a run whose cancel was acknowledged is cancelled"
    case finishHoldsItsLease = "an outcome counts only under its own lease"
    case leaseEndsRightly = "a lease ends by its holder, with its session or with its run"
    case timerFiresOnce = "a timer fires once, when it is due"
    case revisionsWithoutGaps = "each commit goes on from the revision before it, without gaps"
    case eventsExplainState = "the event log explains the final state of each run and step"
    case eventsInOrder = "readers get each event once, in order, or are told to resynchronise"
    case slotsNotOvercommitted = "no worker is offered more tasks than it has slots"
    case noPhantomAttempts = "no node and no lease holds an attempt that nobody runs, in the end"
    case inputsAreCommitted = "a task's input is what the committed outputs make it"
    case limitsHold =
        "no limit has more holders than slots, no queue more attempts than it may, and nobody goes past one"
    case pauseHolds = "nothing new is handed out of a paused run or queue"
    case orderHolds = "a strict queue hands out its lowest rank"
    case signalsOnce = "a run has each signal once, and each that was acknowledged"
    case parentIsTold = "a step that ran a child ends as the child did"
    case servicesLive = "no service of the engine dies, and no caller gets an unexpected error"
}

/// An invariant that did not hold.
package struct Violation: Error, Sendable, CustomStringConvertible {
    package var invariant: Invariant
    package var detail: String

    package var description: String { "\(invariant): \(invariant.rawValue) — \(detail)" }
}
