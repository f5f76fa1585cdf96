public import Engine
private import Workflows

/// What every store must do, as functions over the port: each store's tests run all of them.
public enum StoreConformance: String, CaseIterable, Sendable {
    case startClaimFinish
    case fastPathLeases
    case fastPathYieldsToLowerRank
    case lostRaceWritesNothing
    case staleFenceWritesNothing
    case finishOnce
    case idempotencyKeySameBody
    case idempotencyKeyOtherBody
    case idempotencyKeyTwiceInOneBatch
    case runIDTaken
    case claimFollowsRank
    case claimRespectsLowWater
    case claimSpansBuckets
    case releaseReturnsToken
    case releaseNamesTwice
    case sessionSettlement
    case sessionRenewal
    case sessionLeases
    case sessionClose
    case rescueCountsLosses
    case retryTimer
    case runDeadline
    case endingRemovesDeadline
    case dropTakesEveryToken
    case inboxUntilApplied
    case loadSinceRevision
    case longTextsSurvive
    case failuresSurvive
    case eventsInOrder
    case eventsFromNow
    case definitionsHaveVersions
    case internedIDsAreStable
    case waitsUntilEnded
    case lostRaceKeepsWaits
    case dropTakesSomeSteps
    case pauseHoldsTokens
    case postsWithTheirSender
    case childKnowsItsParent
    case itemsAndOutputsSurvive
    case approvalsWait
    case pauseParksWhereTokensWait
    case droppedStepsGiveSlotsBack
    case queueSettings
    case queueDeletion
    case queueChangesAreTold
    case pausedQueue
    case strictQueue
    case guardedClaimOfOpenQueue
    case queueLimit
    case freedPlacesAreTold
    case claimShares
    case reranking
    case rerankingOfLeased
    case stepLimit
    case slotsOutliveLeases
    case lostRaceFreesNothing
    case limitChanges
    case retryGivesItsSlotBack
    case cancelGivesSlotsBack
    case jointSlots
    case jointRecall
    case jointMoves
    case runLimit
    case runLimitRejects
    case runLimitCancelsRunning
    case evidence
    case rates
    case throttleWaits
    case throttleDrops
    case debounce
    case pacedRunNeedsSlot
    case cacheKeeps
    case keyIsHeldByOne
    case freeKeyGoesOn
    case endedRunsHoldNoKeys
    case lostRaceSettlesNothing
    case failedRunGoesOn
    case reopenedRunEndsAtOnce
    case breakerOfTarget
    case breakerOfTaskType
    case breakerCountsWhatIsWritten
    case breakerByHand
    case lossAloneQuarantines
    case massExpiryCountsNothing
    case quotaSettings
    case quotaOfRuns
    case quotaBlocksReturn
    case quotaKnowsRepetitions
    case quotaRecount
    case quotaOfSubmissions
    case quotaOfSteps
    case quotaOfWorkersAndDefinitions
    case quotaOfBytes

    public func run(on store: any Store & Catalog) async throws {
        let fixture = try await StoreFixture.make(on: store)
        switch self {
        case .startClaimFinish: try await Self.startClaimFinish(fixture)
        case .fastPathLeases: try await Self.fastPathLeases(fixture)
        case .fastPathYieldsToLowerRank: try await Self.fastPathYieldsToLowerRank(fixture)
        case .lostRaceWritesNothing: try await Self.lostRaceWritesNothing(fixture)
        case .staleFenceWritesNothing: try await Self.staleFenceWritesNothing(fixture)
        case .finishOnce: try await Self.finishOnce(fixture)
        case .idempotencyKeySameBody: try await Self.idempotencyKey(fixture, sameBody: true)
        case .idempotencyKeyOtherBody: try await Self.idempotencyKey(fixture, sameBody: false)
        case .idempotencyKeyTwiceInOneBatch: try await Self.idempotencyKeyTwiceInOneBatch(fixture)
        case .runIDTaken: try await Self.runIDTaken(fixture)
        case .claimFollowsRank: try await Self.claimFollowsRank(fixture)
        case .claimRespectsLowWater: try await Self.claimRespectsLowWater(fixture)
        case .claimSpansBuckets: try await Self.claimSpansBuckets(fixture)
        case .releaseReturnsToken: try await Self.releaseReturnsToken(fixture)
        case .releaseNamesTwice: try await Self.releaseNamesTwice(fixture)
        case .sessionSettlement: try await Self.sessionSettlement(fixture)
        case .sessionRenewal: try await Self.sessionRenewal(fixture)
        case .sessionLeases: try await Self.sessionLeases(fixture)
        case .sessionClose: try await Self.sessionClose(fixture)
        case .rescueCountsLosses: try await Self.rescueCountsLosses(fixture)
        case .retryTimer: try await Self.retryTimer(fixture)
        case .runDeadline: try await Self.runDeadline(fixture)
        case .endingRemovesDeadline: try await Self.endingRemovesDeadline(fixture)
        case .dropTakesEveryToken: try await Self.dropTakesEveryToken(fixture)
        case .inboxUntilApplied: try await Self.inboxUntilApplied(fixture)
        case .loadSinceRevision: try await Self.loadSinceRevision(fixture)
        case .longTextsSurvive: try await Self.longTextsSurvive(fixture)
        case .failuresSurvive: try await Self.failuresSurvive(fixture)
        case .eventsInOrder: try await Self.eventsInOrder(fixture)
        case .eventsFromNow: try await Self.eventsFromNow(fixture)
        case .definitionsHaveVersions: try await Self.definitionsHaveVersions(fixture)
        case .internedIDsAreStable: try await Self.internedIDsAreStable(fixture)
        case .waitsUntilEnded: try await Self.waitsUntilEnded(fixture)
        case .lostRaceKeepsWaits: try await Self.lostRaceKeepsWaits(fixture)
        case .dropTakesSomeSteps: try await Self.dropTakesSomeSteps(fixture)
        case .pauseHoldsTokens: try await Self.pauseHoldsTokens(fixture)
        case .postsWithTheirSender: try await Self.postsWithTheirSender(fixture)
        case .childKnowsItsParent: try await Self.childKnowsItsParent(fixture)
        case .itemsAndOutputsSurvive: try await Self.itemsAndOutputsSurvive(fixture)
        case .approvalsWait: try await Self.approvalsWait(fixture)
        case .pauseParksWhereTokensWait: try await Self.pauseParksWhereTokensWait(fixture)
        case .droppedStepsGiveSlotsBack: try await Self.droppedStepsGiveSlotsBack(fixture)
        case .queueSettings: try await Self.queueSettings(fixture)
        case .queueDeletion: try await Self.queueDeletion(fixture)
        case .queueChangesAreTold: try await Self.queueChangesAreTold(fixture)
        case .pausedQueue: try await Self.pausedQueue(fixture)
        case .strictQueue: try await Self.strictQueue(fixture)
        case .guardedClaimOfOpenQueue: try await Self.guardedClaimOfOpenQueue(fixture)
        case .queueLimit: try await Self.queueLimit(fixture)
        case .freedPlacesAreTold: try await Self.freedPlacesAreTold(fixture)
        case .claimShares: try await Self.claimShares(fixture)
        case .reranking: try await Self.reranking(fixture)
        case .rerankingOfLeased: try await Self.rerankingOfLeased(fixture)
        case .stepLimit: try await Self.stepLimit(fixture)
        case .slotsOutliveLeases: try await Self.slotsOutliveLeases(fixture)
        case .lostRaceFreesNothing: try await Self.lostRaceFreesNothing(fixture)
        case .limitChanges: try await Self.limitChanges(fixture)
        case .retryGivesItsSlotBack: try await Self.retryGivesItsSlotBack(fixture)
        case .cancelGivesSlotsBack: try await Self.cancelGivesSlotsBack(fixture)
        case .jointSlots: try await Self.jointSlots(fixture)
        case .jointRecall: try await Self.jointRecall(fixture)
        case .jointMoves: try await Self.jointMoves(fixture)
        case .runLimit: try await Self.runLimit(fixture)
        case .runLimitRejects: try await Self.runLimitRejects(fixture)
        case .runLimitCancelsRunning: try await Self.runLimitCancelsRunning(fixture)
        case .evidence: try await Self.evidence(fixture)
        case .rates: try await Self.rates(fixture)
        case .throttleWaits: try await Self.throttleWaits(fixture)
        case .throttleDrops: try await Self.throttleDrops(fixture)
        case .debounce: try await Self.debounce(fixture)
        case .pacedRunNeedsSlot: try await Self.pacedRunNeedsSlot(fixture)
        case .cacheKeeps: try await Self.cacheKeeps(fixture)
        case .keyIsHeldByOne: try await Self.keyIsHeldByOne(fixture)
        case .freeKeyGoesOn: try await Self.freeKeyGoesOn(fixture)
        case .endedRunsHoldNoKeys: try await Self.endedRunsHoldNoKeys(fixture)
        case .lostRaceSettlesNothing: try await Self.lostRaceSettlesNothing(fixture)
        case .failedRunGoesOn: try await Self.failedRunGoesOn(fixture)
        case .reopenedRunEndsAtOnce: try await Self.reopenedRunEndsAtOnce(fixture)
        case .breakerOfTarget: try await Self.breakerOfTarget(fixture)
        case .breakerOfTaskType: try await Self.breakerOfTaskType(fixture)
        case .breakerCountsWhatIsWritten: try await Self.breakerCountsWhatIsWritten(fixture)
        case .breakerByHand: try await Self.breakerByHand(fixture)
        case .lossAloneQuarantines: try await Self.lossAloneQuarantines(fixture)
        case .massExpiryCountsNothing: try await Self.massExpiryCountsNothing(fixture)
        case .quotaSettings: try await Self.quotaSettings(fixture)
        case .quotaOfRuns: try await Self.quotaOfRuns(fixture)
        case .quotaBlocksReturn: try await Self.quotaBlocksReturn(fixture)
        case .quotaKnowsRepetitions: try await Self.quotaKnowsRepetitions(fixture)
        case .quotaRecount: try await Self.quotaRecount(fixture)
        case .quotaOfSubmissions: try await Self.quotaOfSubmissions(fixture)
        case .quotaOfSteps: try await Self.quotaOfSteps(fixture)
        case .quotaOfWorkersAndDefinitions: try await Self.quotaOfWorkersAndDefinitions(fixture)
        case .quotaOfBytes: try await Self.quotaOfBytes(fixture)
        }
    }
}
