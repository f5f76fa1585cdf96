import Testing

@testable import Engine

@Suite("Recently used")
struct RecentlyUsedTests {
    @Test("what was used least recently is forgotten first")
    func forgets() {
        var map = RecentlyUsed<Int, String>(limit: 3)
        for key in 1...3 { map.insert("\(key)", for: key, cost: 1) }
        #expect(map.value(1) == "1")
        map.insert("4", for: 4, cost: 1)
        #expect(map.value(2) == nil)
        #expect([1, 3, 4].allSatisfy { map.value($0) == "\($0)" })
        #expect(map.cost == 3)
    }

    @Test("costs count, a replaced value's too; the newest stays whatever it costs")
    func costs() {
        var map = RecentlyUsed<Int, String>(limit: 10)
        map.insert("a", for: 1, cost: 6)
        map.insert("b", for: 1, cost: 2)
        #expect(map.cost == 2)
        map.insert("c", for: 2, cost: 50)
        #expect(map.value(1) == nil)
        #expect(map.value(2) == "c")
        #expect(map.remove(2) == "c")
        #expect(map.cost == 0 && map.count == 0)
    }

    @Test("agrees with a plain model over many operations")
    func model() {
        var random = SystemRandomNumberGenerator()
        var map = RecentlyUsed<Int, Int>(limit: 16)
        var order: [Int] = []
        for _ in 0..<5_000 {
            let key = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                map.insert(key, for: key, cost: 1)
                order.removeAll { $0 == key }
                order.append(key)
                if order.count > 16 { order.removeFirst() }
            case 1:
                #expect((map.value(key) != nil) == order.contains(key))
                if order.contains(key) {
                    order.removeAll { $0 == key }
                    order.append(key)
                }
            default:
                #expect((map.remove(key) != nil) == order.contains(key))
                order.removeAll { $0 == key }
            }
            #expect(map.count == order.count)
        }
    }
}
