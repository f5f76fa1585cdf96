import Testing

@testable import Postgres

@Suite("Pool state machine")
struct PostgresPoolStateMachineTests {
    typealias Machine = PostgresPool.StateMachine
    typealias Orders = Machine.Orders

    private let start = ContinuousClock.now

    private func machine(minimum: Int = 1, maximum: Int = 2) -> Machine {
        Machine(
            PostgresPool.Options(
                minimum: minimum, maximum: maximum, idleLimit: .seconds(60), backoff: .milliseconds(100),
                maximumBackoff: .seconds(1)))
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// A pool with `count` idle connections, 1…count.
    private func warm(_ count: Int, maximum: Int = 2) -> Machine {
        var machine = machine(minimum: count, maximum: maximum)
        _ = machine.start(at: start)
        for id in 1...UInt64(count) { _ = machine.connected(id, at: start) }
        return machine
    }

    @Test func theMinimumIsMadeAtTheStart() {
        var machine = machine(minimum: 2, maximum: 3)
        #expect(machine.start(at: start) == Orders(connect: [1, 2]))
        #expect(machine.connected(1, at: start) == Orders())
        #expect(machine.lease(9, deadline: at(1), at: start) == .granted(1))
    }

    @Test func waitersAreServedInOrderAndNobodyOvertakes() {
        var machine = warm(1, maximum: 1)
        #expect(machine.lease(1, deadline: at(5), at: start) == .granted(1))
        #expect(machine.lease(2, deadline: at(6), at: start) == .waits(Orders(wakeAt: at(6))))
        #expect(machine.lease(3, deadline: at(5), at: start) == .waits(Orders(wakeAt: at(5))))
        let first = machine.released(1, isUsable: true, at: at(1))
        #expect(first.grants == [.init(waiter: 2, connection: 1)])
        #expect(machine.lease(4, deadline: at(9), at: at(1)) == .waits(Orders()))
        #expect(machine.released(1, isUsable: true, at: at(2)).grants == [.init(waiter: 3, connection: 1)])
        #expect(machine.released(1, isUsable: true, at: at(3)).grants == [.init(waiter: 4, connection: 1)])
    }

    @Test func demandMakesConnectionsUpToTheMaximum() {
        var machine = warm(1, maximum: 3)
        #expect(machine.lease(1, deadline: at(5), at: start) == .granted(1))
        #expect(machine.lease(2, deadline: at(5), at: start) == .waits(Orders(connect: [2], wakeAt: at(5))))
        #expect(machine.lease(3, deadline: at(5), at: start) == .waits(Orders(connect: [3])))
        #expect(machine.lease(4, deadline: at(5), at: start) == .waits(Orders()))
        #expect(machine.connected(3, at: start).grants == [.init(waiter: 2, connection: 3)])
        #expect(machine.statistics.waiting == 2)
    }

    @Test func aWaiterExpiresAtItsDeadlineAndNotBefore() {
        var machine = warm(1, maximum: 1)
        _ = machine.lease(1, deadline: at(5), at: start)
        _ = machine.lease(2, deadline: at(2), at: start)
        _ = machine.lease(3, deadline: at(4), at: start)
        #expect(machine.tick(at: at(1.9)) == Orders(wakeAt: at(2)))
        #expect(machine.tick(at: at(2)) == Orders(expired: [2], wakeAt: at(4)))
        #expect(machine.released(1, isUsable: true, at: at(3)).grants == [.init(waiter: 3, connection: 1)])
    }

    @Test func aCancelledWaiterLeavesTheLine() {
        var machine = warm(1, maximum: 1)
        _ = machine.lease(1, deadline: at(5), at: start)
        _ = machine.lease(2, deadline: at(5), at: start)
        _ = machine.lease(3, deadline: at(5), at: start)
        #expect(machine.cancel(2) == true)
        #expect(machine.cancel(2) == false)
        #expect(machine.released(1, isUsable: true, at: at(1)).grants == [.init(waiter: 3, connection: 1)])
    }

    @Test func failedAttemptsPauseLongerAndLonger() {
        var machine = machine(minimum: 1, maximum: 1)
        _ = machine.start(at: start)
        var now = start
        var pauses: [Duration] = []
        for _ in 1...6 {
            let orders = machine.connectFailed(1, jitter: 1, at: now)
            let wake = orders.wakeAt
            #expect(wake != nil)
            guard let wake else { return }
            pauses.append(now.duration(to: wake))
            #expect(machine.tick(at: wake).connect == [1])
            now = wake
        }
        #expect(
            pauses == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
                .seconds(1),
            ])
        #expect(machine.connected(1, at: now) == Orders())
        #expect(machine.failures == 0)
    }

    @Test func jitterTakesUpToAHalfAway() {
        var machine = machine(minimum: 1, maximum: 1)
        _ = machine.start(at: start)
        #expect(machine.connectFailed(1, jitter: 0, at: start).wakeAt == at(0.05))
    }

    @Test func theFirstSuccessEndsThePausesOfTheOthers() {
        var machine = machine(minimum: 2, maximum: 2)
        _ = machine.start(at: start)
        _ = machine.connectFailed(2, jitter: 0.5, at: start)
        #expect(machine.connected(1, at: at(0.01)).connect == [2])
        #expect(machine.tick(at: at(9)).connect == [])
    }

    @Test func anIdleConnectionThatIsLostIsReplaced() {
        var machine = warm(1)
        #expect(machine.lost(1) == Orders(connect: [2], close: [1]))
        #expect(machine.lost(1) == Orders())
    }

    @Test func aLeasedConnectionThatIsLostIsReplacedWhenItComesBack() {
        var machine = warm(1, maximum: 1)
        _ = machine.lease(1, deadline: at(5), at: start)
        _ = machine.lease(2, deadline: at(5), at: start)
        #expect(machine.lost(1) == Orders())
        #expect(machine.released(1, isUsable: false, at: at(1)) == Orders(connect: [2], close: [1]))
        #expect(machine.connected(2, at: at(1)).grants == [.init(waiter: 2, connection: 2)])
    }

    @Test func whatIsAboveTheMinimumIsClosedWhenUnused() {
        var machine = machine(minimum: 1, maximum: 3)
        _ = machine.start(at: start)
        _ = machine.connected(1, at: start)
        _ = machine.lease(1, deadline: at(5), at: start)
        _ = machine.lease(2, deadline: at(5), at: start)
        _ = machine.connected(2, at: start)
        #expect(machine.released(1, isUsable: true, at: at(1)).wakeAt == nil)
        _ = machine.released(2, isUsable: true, at: at(2))
        // The alarm of the waiters' deadline comes first, and sets the one of the unused connection.
        #expect(machine.tick(at: at(5)) == Orders(wakeAt: at(61)))
        // The one used last is lent again, so the other one grows old.
        #expect(machine.lease(3, deadline: at(70), at: at(30)) == .granted(2))
        _ = machine.released(2, isUsable: true, at: at(31))
        #expect(machine.tick(at: at(61)) == Orders(close: [1]))
        #expect(machine.tick(at: at(500)) == Orders())
    }

    @Test func aConnectionThatNobodyNeedsIsNotTriedAgain() {
        var machine = warm(1, maximum: 2)
        _ = machine.lease(1, deadline: at(5), at: start)
        _ = machine.lease(2, deadline: at(5), at: start)
        #expect(machine.cancel(2) == true)
        #expect(machine.connectFailed(2, jitter: 0, at: at(1)) == Orders())
        #expect(machine.statistics.connecting == 0)
    }

    @Test func closingRefusesAndClosesAll() {
        var machine = warm(2)
        _ = machine.lease(1, deadline: at(5), at: start)
        #expect(machine.close() == Orders(close: [1]))
        #expect(machine.lease(2, deadline: at(5), at: start) == .closed)
        #expect(machine.released(2, isUsable: true, at: start) == Orders(close: [2]))
        var busy = warm(1, maximum: 1)
        _ = busy.lease(1, deadline: at(5), at: start)
        _ = busy.lease(2, deadline: at(5), at: start)
        #expect(busy.close() == Orders(refused: [2]))
        var early = machine
        #expect(early.connected(7, at: start) == Orders(close: [7]))
    }

    /// Whatever happens in whatever order: no connection is lent twice, nobody is lost, the maximum holds.
    @Test(arguments: 0..<200)
    func randomHistoriesKeepTheRules(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var machine = machine(
            minimum: Int.random(in: 0...2, using: &random), maximum: Int.random(in: 2...4, using: &random))
        var now = start
        var connecting: Set<UInt64> = []
        var leased: [UInt64: UInt64] = [:]
        var waiting: Set<UInt64> = []
        var next: UInt64 = 0

        func take(_ orders: Orders) {
            for grant in orders.grants {
                #expect(leased.updateValue(grant.waiter, forKey: grant.connection) == nil)
                #expect(waiting.remove(grant.waiter) != nil)
            }
            for waiter in orders.expired { #expect(waiting.remove(waiter) != nil) }
            for id in orders.connect { #expect(connecting.insert(id).inserted) }
            for id in orders.close { #expect(leased[id] == nil) }
        }
        take(machine.start(at: now))
        for _ in 0..<300 {
            now += .milliseconds(Int.random(in: 0...400, using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1:
                next += 1
                switch machine.lease(next, deadline: now + .seconds(2), at: now) {
                case .granted(let id): #expect(leased.updateValue(next, forKey: id) == nil)
                case .waits(let orders):
                    waiting.insert(next)
                    take(orders)
                case .closed: Issue.record("closed")
                }
            case 2:
                guard let id = connecting.sorted().randomElement(using: &random) else { continue }
                connecting.remove(id)
                take(machine.connected(id, at: now))
            case 3:
                guard let id = connecting.sorted().randomElement(using: &random) else { continue }
                connecting.remove(id)
                take(machine.connectFailed(id, jitter: 0.5, at: now))
            case 4, 5:
                guard let id = leased.keys.sorted().randomElement(using: &random) else { continue }
                leased[id] = nil
                take(machine.released(id, isUsable: Bool.random(using: &random), at: now))
            default: take(machine.tick(at: now))
            }
            #expect(machine.slots.count <= machine.options.maximum)
            #expect(machine.statistics.waiting == waiting.count)
            #expect(machine.statistics.leased == leased.count)
            #expect(machine.statistics.idle == 0 || waiting.isEmpty)
        }
        // In the end the pauses are over, the server is there and everybody gives back: nobody is left waiting.
        take(machine.tick(at: now + .seconds(1)))
        while let id = connecting.popFirst() ?? leased.keys.sorted().first {
            if leased.removeValue(forKey: id) != nil {
                take(machine.released(id, isUsable: true, at: now))
            } else {
                take(machine.connected(id, at: now))
            }
        }
        #expect(waiting.isEmpty)
    }
}

/// A small generator with a seed, so that a failing history can be seen again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
