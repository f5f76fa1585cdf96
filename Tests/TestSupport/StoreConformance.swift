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
        }
    }
}
