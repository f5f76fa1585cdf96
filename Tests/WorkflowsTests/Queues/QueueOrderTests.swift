import Testing
import Workflows

@Suite("Queue order")
struct QueueOrderTests {
    private let noon = Timestamp(microseconds: 1_800_000_000_000_000)

    private func standing(
        after: Duration = .zero, priority: Int32 = 0, deadline: Duration? = nil
    ) -> Standing {
        Standing(createdAt: noon + after, priority: priority, deadline: deadline.map { noon + $0 })
    }

    private func order(_ order: QueueOrder, _ standings: [Standing]) -> [Int] {
        standings.indices.sorted { order.rank(of: standings[$0]) < order.rank(of: standings[$1]) }
    }

    @Test("first in, first out: by time, to the microsecond, whatever the priority")
    func fifo() {
        let standings = [
            standing(after: .microseconds(2), priority: 9), standing(),
            standing(after: .microseconds(1), deadline: .zero),
        ]
        #expect(order(QueueOrder(.fifo), standings) == [1, 2, 0])
    }

    @Test("last in, first out is the mirror image")
    func lifo() {
        let standings = [standing(after: .seconds(1)), standing(), standing(after: .seconds(2), priority: -5)]
        #expect(order(QueueOrder(.lifo), standings) == [2, 0, 1])
    }

    @Test("by deadline; a run without one is due a day after its creation")
    func deadline() {
        let standings = [
            standing(), standing(deadline: .seconds(10)), standing(deadline: .seconds(5)),
            standing(deadline: .seconds(86_401)),
        ]
        #expect(order(QueueOrder(.deadline), standings) == [2, 1, 0, 3])
    }

    @Test(
        "a priority is worth its boost in waiting, not a microsecond more",
        arguments: [(1, 60), (3, 60), (-2, 10), (1000, 86_400)] as [(Int32, Int64)])
    func ageing(priority: Int32, boost: Int64) {
        let order = QueueOrder(.priority, boost: .seconds(boost))
        let lead = Duration.seconds(boost * Int64(priority))
        let fresh = standing(after: lead, priority: priority)
        #expect(order.rank(of: fresh) == order.rank(of: standing()))
        let later = standing(after: lead + .microseconds(1), priority: priority)
        #expect(order.rank(of: later) > order.rank(of: standing()))
    }

    @Test("under constant load of a high priority a low one waits for its bound and no longer")
    func bound() {
        let order = QueueOrder(.priority, boost: .seconds(1))
        let low = order.rank(of: standing(priority: 0))
        // One of priority 5 comes each 10 ms, and one step is served each 10 ms: how many go before the low one?
        let before = (0..<10_000).count { order.rank(of: standing(after: .milliseconds($0 * 10), priority: 5)) < low }
        #expect(before == 500, "5 × 1 s of arrivals")
    }

    @Test("nothing overflows")
    func extremes() {
        let order = QueueOrder(.priority, boost: .seconds(Int64.max / 2_000_000))
        let old = Standing(createdAt: Timestamp(microseconds: .min), priority: 1000)
        let new = Standing(createdAt: Timestamp(microseconds: .max), priority: -1000)
        #expect(order.rank(of: old) == .min)
        #expect(order.rank(of: new) == .max)
        #expect(QueueOrder(.lifo).rank(of: old) == .max)
        #expect(QueueOrder(.deadline).rank(of: new) == .max)
    }

    @Test("names and numbers are stored: they must not change")
    func names() {
        #expect(QueueDiscipline.allCases.map(\.rawValue) == [1, 2, 3, 4])
        #expect(QueueDiscipline.allCases.map(\.text) == ["fifo", "lifo", "priority", "deadline"])
        #expect(QueueDiscipline.allCases.allSatisfy { QueueDiscipline(text: $0.text) == $0 })
        #expect(QueueDiscipline(text: "random") == nil)
    }
}
