import Testing
import Workflows

@Suite("Stride schedule")
struct StrideScheduleTests {
    private func totals(
        _ schedule: inout StrideSchedule<String>, rounds: Int, turns: Int, _ keys: [(key: String, weight: Int32)]
    ) -> [Int] {
        var totals = Array(repeating: 0, count: keys.count)
        for _ in 0..<rounds {
            for (position, share) in schedule.allot(turns, among: keys).enumerated() { totals[position] += share }
        }
        return totals
    }

    @Test("long-run shares follow the weights within 2 %", arguments: [1, 3, 7, 64])
    func shares(turns: Int) {
        var schedule = StrideSchedule<String>()
        let keys: [(key: String, weight: Int32)] = [("a", 100), ("b", 300), ("c", 50), ("d", 1000)]
        let totals = totals(&schedule, rounds: 10_000 / turns, turns: turns, keys)
        let all = Double(totals.reduce(0, +))
        for (total, key) in zip(totals, keys) {
            let wanted = Double(key.weight) / 1450
            #expect(abs(Double(total) / all - wanted) < 0.02 * wanted, "\(key.key) has \(total) of \(all)")
        }
    }

    @Test("at every moment nobody is ahead of its share by more than one turn of each rival")
    func shortRun() {
        var schedule = StrideSchedule<String>()
        var counts = [0, 0]
        for turn in 1...1000 {
            let shares = schedule.allot(1, among: [("a", 3), ("b", 1)])
            for position in shares.indices { counts[position] += shares[position] }
            #expect(abs(Double(counts[0]) - 0.75 * Double(turn)) <= 1)
        }
    }

    @Test("who comes late does not make up for its absence, nor starve the others")
    func newcomer() {
        var schedule = StrideSchedule<String>()
        _ = totals(&schedule, rounds: 1000, turns: 4, [("a", 100), ("b", 100)])
        let with = totals(&schedule, rounds: 10, turns: 3, [("a", 100), ("b", 100), ("c", 100)])
        #expect(with.allSatisfy { (9...11).contains($0) }, "\(with)")
    }

    @Test("who was away comes back with neither credit nor debt")
    func absence() {
        var schedule = StrideSchedule<String>()
        _ = totals(&schedule, rounds: 10, turns: 2, [("a", 100), ("b", 100)])
        _ = totals(&schedule, rounds: 500, turns: 2, [("a", 100), ("c", 100)])
        let back = totals(&schedule, rounds: 30, turns: 1, [("a", 100), ("b", 100), ("c", 100)])
        #expect(back.allSatisfy { (9...11).contains($0) }, "\(back)")
    }

    @Test("alone, a key takes everything and owes nothing afterwards")
    func alone() {
        var schedule = StrideSchedule<String>()
        #expect(schedule.allot(500, among: [("a", 1)]) == [500])
        #expect(schedule.allot(10, among: [("a", 1), ("b", 1)]) == [5, 5])
        #expect(schedule.allot(10, among: []).isEmpty)
    }

    @Test("what was given and not used is given back")
    func refund() {
        var schedule = StrideSchedule<String>()
        var used = [0, 0]
        for _ in 0..<200 {
            let shares = schedule.allot(10, among: [("a", 100), ("b", 100)])
            // The first has one step a round only.
            used[0] += min(1, shares[0])
            used[1] += shares[1]
            schedule.refund(max(0, shares[0] - 1), to: "a", weight: 100)
        }
        #expect(used[0] == 200, "its one step always goes")
        #expect(used[1] >= 200 * 4, "the other gets its half, but for what the first may catch up with")
    }

    @Test("keys that are level with the clock are forgotten")
    func bounded() {
        var schedule = StrideSchedule<Int>()
        for number in 0..<10_000 {
            _ = schedule.allot(2, among: [(number, 100), (-1, 100)])
        }
        #expect(schedule.count < 10)
    }
}
