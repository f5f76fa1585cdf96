import Foundation
import Testing

@testable import Access

@Suite("Rate limits")
struct RateGaugeTests {
    private static let second: Int64 = 1_000_000_000
    private let policy = RatePolicy(limit: 4, window: 2)

    @Test("a window's worth at once, then one after the other")
    func take() {
        let gauge = RateGauge()
        let start: Int64 = 5 * Self.second
        for left in [3, 2, 1, 0] as [Int64] {
            let verdict = gauge.take(at: start, policy)
            #expect(verdict.isAllowed && verdict.remaining == left)
        }
        #expect(gauge.take(at: start, policy) == .init(isAllowed: false, remaining: 0, seconds: 1))
        #expect(!gauge.look(at: start + Self.second / 2 - 1, policy).isAllowed)
        #expect(gauge.look(at: start + Self.second / 2, policy).remaining == 1)
        #expect(gauge.take(at: start + Self.second / 2, policy).isAllowed)
        #expect(!gauge.take(at: start + Self.second / 2, policy).isAllowed, "a look takes nothing, a take does")
        // After a whole window everything may come again, and no more than that.
        let later = start + 10 * Self.second
        #expect((0..<9).count { _ in gauge.take(at: later, policy).isAllowed } == 4)
    }

    @Test("many at once get exactly what there is")
    func concurrent() async {
        final class Box: Sendable { let gauge = RateGauge() }
        let box = Box()
        let policy = RatePolicy(limit: 500, window: 10)
        let allowed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<200).count { _ in box.gauge.take(at: 1, policy).isAllowed } }
            }
            return await group.reduce(0, +)
        }
        #expect(allowed == 500)
    }

    @Test("an address that fails too often waits; others do not")
    func failures() {
        let gauges = FailureGauges(RatePolicy(limit: 2, window: 10))
        for _ in 0..<3 {
            #expect(gauges.pause(of: "b", at: 0) == nil)
            gauges.note("a", at: 0)
        }
        #expect(gauges.pause(of: "a", at: 0) == 5)
        #expect(gauges.pause(of: "a", at: 5 * Self.second) == nil)
    }

    @Test("settings are read, and wrong ones are named")
    func settings() throws {
        let read = try RatePolicies("read=10/1s,write=none,start=7/60s,failures=3/9s")
        #expect(read.classes == [.read: RatePolicy(limit: 10, window: 1), .start: RatePolicy(limit: 7, window: 60)])
        #expect(read.failures == RatePolicy(limit: 3, window: 9))
        #expect(try RatePolicies("") == RatePolicies())
        for wrong in [
            "read", "read=10", "read=0/1s", "read=1/0s", "read=1/1", "all=1/1s", "failures=none", "read=1/1s,x",
        ] {
            #expect(throws: RatePolicies.Malformed.self, "\(wrong)") { try RatePolicies(wrong) }
        }
    }

    @Test("what reads counts as a read, what changes as a change, submissions for themselves")
    func classes() {
        // Those take the permission to change tenants.
        let exceptions: Set = ["listTenants", "getQuotas"]
        for entry in EntryPoints.all where entry.kind == .rest && !exceptions.contains(entry.name) {
            let isRead = entry.name.hasPrefix("get") || entry.name.hasPrefix("list")
            if isRead { #expect(RateClass(entry.rule) == .read, "\(entry.name)") }
        }
        func rateClass(_ name: String) -> RateClass? { EntryPoints.rule(operation: name).map { RateClass($0) } }
        #expect(rateClass("startRun") == .start)
        for name in ["applyWorkflow", "putQueue", "cancelRun", "createKey", "deleteSecret", "suspendTenant"] {
            #expect(rateClass(name) == .write, "\(name)")
        }
    }

    @Test(
        "measure: what counting a request costs",
        .enabled(if: ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil))
    func cost() {
        let gauges = PrincipalGauges()
        let policy = RatePolicy(limit: 1_000_000_000, window: 10)
        let clock = ContinuousClock()
        let start = clock.now
        var allowed = 0
        let took = clock.measure {
            for _ in 0..<1_000_000 {
                let (seconds, attoseconds) = (clock.now - start).components
                let now = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
                if gauges.take(.read, at: now, policy).isAllowed { allowed += 1 }
            }
        }
        print("RATE COST \(took / 1_000_000) a request, debug build; \(allowed)")
    }
}
