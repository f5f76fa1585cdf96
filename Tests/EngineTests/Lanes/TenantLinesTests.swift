import Testing
import Workflows

@testable import Engine

@Suite("Lines of tenants")
struct TenantLinesTests {
    private let flood = TenantID(1)
    private let other = TenantID(2)
    private let third = TenantID(3)

    private func lines(_ counts: [(TenantID, Int)], bytes: Int = 200) -> TenantLines<String> {
        var lines = TenantLines<String>()
        for (tenant, count) in counts {
            for number in 0..<count { lines.append("\(tenant.value)-\(number)", bytes: bytes, of: tenant) }
        }
        return lines
    }

    private func all(_ lines: inout TenantLines<String>, count: Int = .max, bytes: Int = .max) -> [String] {
        lines.take(count: count, bytes: bytes)
    }

    @Test("what came last of another tenant does not stand behind a flood")
    func turns() {
        var lines = lines([(flood, 1000), (other, 1)])
        let batch = lines.take(count: 100, bytes: .max)
        #expect(batch.count == 100 && batch.contains("2-0"))
        #expect(lines.count == 901 && lines.tenants == 1)
    }

    @Test("those who have much to do share alike, whoever was first")
    func shares() {
        var lines = lines([(flood, 5000), (other, 3000), (third, 3000)])
        var taken: [String] = []
        for _ in 0..<30 { taken += lines.take(count: 100, bytes: .max) }
        for tenant in [flood, other, third] {
            #expect((985...1015).contains(taken.count { $0.hasPrefix("\(tenant.value)-") }))
        }
    }

    @Test("large elements count by their bytes")
    func sizes() {
        var lines = TenantLines<String>()
        for _ in 0..<100 { lines.append("large", bytes: 64 << 10, of: flood) }
        for _ in 0..<1000 { lines.append("small", bytes: 0, of: other) }
        var large = 0
        var small = 0
        while small < 600 {
            for element in all(&lines, count: 50) { if element == "large" { large += 1 } else { small += 1 } }
        }
        // 65 KiB of one are as much as 65 of the other.
        #expect((8...11).contains(large))
    }

    @Test("within a line the order is that of arrival, over any number of batches", arguments: [1, 7, 16, 500])
    func order(count: Int) {
        var lines = lines([(flood, 120), (other, 60), (third, 1)])
        var seen: [String] = []
        while !lines.isEmpty { seen += all(&lines, count: count) }
        #expect(seen.filter { $0.hasPrefix("1-") } == (0..<120).map { "1-\($0)" })
        #expect(seen.filter { $0.hasPrefix("2-") } == (0..<60).map { "2-\($0)" })
        #expect(seen.count == 181 && lines.bytes == 0 && lines.tenants == 0)
    }

    @Test("who waits alone gets whole batches, in order, up to their bytes; the first element always fits")
    func alone() {
        var lines = lines([(flood, 10)], bytes: 400)
        #expect(all(&lines, bytes: 1000) == ["1-0", "1-1"])
        #expect(all(&lines, bytes: 10) == ["1-2"])
        #expect(all(&lines, count: 500) == (3..<10).map { "1-\($0)" })
        #expect(all(&lines) == [])
    }

    @Test("where something was taken already, the first element has to fit too")
    func room() {
        var lines = lines([(flood, 2)], bytes: 400)
        #expect(lines.take(count: 5, bytes: 399, takesFirst: false) == [])
        #expect(lines.take(count: 0, bytes: 500) == [] && lines.take(count: -1, bytes: 500) == [])
        #expect(lines.take(count: 5, bytes: 400, takesFirst: false) == ["1-0"])
        #expect(lines.count == 1 && lines.bytes == 400)
    }

    @Test("what is put back goes before all others, in its order")
    func puttingBack() {
        var lines = lines([(flood, 30), (other, 2)])
        let taken = all(&lines, count: 3)
        for element in taken.reversed() { lines.prepend(element, bytes: 200, of: flood) }
        lines.prepend("3-0", bytes: 200, of: third)
        let again = all(&lines)
        #expect(again.first == "3-0" && again.filter { $0.hasPrefix("1-") } == (0..<30).map { "1-\($0)" })
        #expect(lines.count == 0 && lines.bytes == 0)
    }

    @Test("what is taken out is gone, and whose line is empty waits no longer")
    func removing() {
        var lines = lines([(flood, 3), (other, 2)])
        #expect(lines.remove { $0.hasPrefix("1-") || $0 == "2-1" }.count == 4)
        #expect(lines.count == 1 && lines.tenants == 1 && lines.bytes == 200 && lines.count(of: flood) == 0)
        #expect(all(&lines) == ["2-0"])
        #expect(lines.isEmpty)
    }
}
