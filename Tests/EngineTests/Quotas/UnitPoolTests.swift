import Telemetry
import Testing

@testable import Engine

@Suite("Units of a quota in a node")
struct UnitPoolTests {
    private static let lease: Duration = .seconds(5)

    private func grant(_ units: Int32) -> QuotaGrant { QuotaGrant(units: units, taken: 0, limit: 100) }

    private func isUnit(_ take: UnitPool<Int>.Take?) -> Bool { if case .unit? = take { true } else { false } }
    private func isAsk(_ take: UnitPool<Int>.Take?) -> Bool { if case .ask? = take { true } else { false } }
    private func isRefused(_ take: UnitPool<Int>.Take?) -> Bool { if case .refused? = take { true } else { false } }

    @Test("one asks for all, the others wait in line, and what comes is handed out in order")
    func line() {
        var pool = UnitPool<Int>()
        #expect(isAsk(pool.take(at: .zero)))
        for waiter in 1...4 {
            #expect(pool.take(at: .zero) == nil)
            pool.join(waiter)
        }
        #expect(pool.demand == 5)
        let first = pool.granted(grant(3), asked: .zero, lease: Self.lease, now: .zero)
        #expect(first.isServed && first.served == [1, 2] && first.refused.isEmpty && first.next == 3)
        // 3 asks now, for itself and 4; nobody passes them.
        #expect(pool.demand == 2 && pool.take(at: .zero) == nil)
        let second = pool.granted(grant(0), asked: .zero, lease: Self.lease, now: .zero)
        #expect(!second.isServed && second.refused == [4] && second.next == nil)
    }

    @Test("when the one who asks goes away, the first of the line asks; the others stay")
    func passing() {
        var pool = UnitPool<Int>()
        #expect(isAsk(pool.take(at: .zero)))
        pool.join(1)
        pool.join(2)
        #expect(pool.passOn() == 1 && pool.demand == 2)
        #expect(pool.take(at: .zero) == nil, "1 asks")
        #expect(pool.passOn() == 2 && pool.passOn() == nil)
        #expect(isAsk(pool.take(at: .zero)), "nobody asks any more")
    }

    @Test("a refusal is believed for a moment, or until a place is free")
    func refusal() {
        var pool = UnitPool<Int>()
        _ = pool.take(at: .zero)
        _ = pool.granted(grant(0), asked: .zero, lease: Self.lease, now: .zero)
        #expect(isRefused(pool.take(at: .milliseconds(9))))
        #expect(isAsk(pool.take(at: .milliseconds(10))))
        _ = pool.granted(grant(0), asked: .zero, lease: Self.lease, now: .milliseconds(10))
        pool.noteFree()
        #expect(isAsk(pool.take(at: .milliseconds(11))))
    }

    @Test("a block is used up to a margin before its end; what comes back later is worth nothing")
    func end() {
        var pool = UnitPool<Int>()
        _ = pool.take(at: .zero)
        _ = pool.granted(grant(3), asked: .zero, lease: Self.lease, now: .milliseconds(1))
        let block = pool.block
        #expect(isUnit(pool.take(at: .milliseconds(4499))))
        #expect(pool.keeping == 3)
        #expect(isAsk(pool.take(at: .milliseconds(4500))))
        #expect(pool.keeping == 2, "those under way")
        _ = pool.granted(grant(1), asked: .milliseconds(4500), lease: Self.lease, now: .milliseconds(4501))
        pool.giveBack(of: block)
        #expect(isAsk(pool.take(at: .milliseconds(4502))), "of the block before")
        _ = pool.granted(grant(0), asked: .zero, lease: Self.lease, now: .milliseconds(4502))
        pool.giveBack(of: pool.block)
        #expect(isUnit(pool.take(at: .milliseconds(4503))))
        pool.settle()
        #expect(pool.keeping == 1)
    }

    @Test("near the limit a grant is what somebody waits for, far from it some more")
    func shrinking() {
        #expect(QuotaGrant.units(demand: 4, room: 3) == 3)
        #expect(QuotaGrant.units(demand: 4, room: 15) == 4)
        #expect(QuotaGrant.units(demand: 4, room: 160) == 14)
        #expect(QuotaGrant.units(demand: 4, room: 1_000_000) == 260)
        #expect(QuotaGrant.units(demand: 4, room: 0) == 0)
        #expect(QuotaGrant.units(demand: 4, room: -3) == 0)
    }

    @Test("a unit that was not used goes back, one that was does not")
    func units() {
        final class Count: Sendable {
            let back = Counter()
            let settled = Counter()
        }
        let count = Count()
        for uses in [false, true] {
            let unit = QuotaUnit(giveBack: { count.back.add() }, settle: { count.settled.add() })
            if uses {
                unit.use()
                unit.use()
            }
        }
        #expect(count.back.value == 1 && count.settled.value == 1)
    }
}
