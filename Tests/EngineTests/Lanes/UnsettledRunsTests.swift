import Testing
import Workflows

@testable import Engine

@Suite("Runs of unsettled batches")
struct UnsettledRunsTests {
    private func command(_ run: UInt64, _ reason: String) -> LaneCommand {
        let key = RunKey(tenant: TenantID(1), run: RunID(at: Timestamp(microseconds: 1), random: run))
        return LaneCommand(key: key, kind: .cancel(reason: reason), acceptedAt: .zero, reply: .none)
    }

    private func reasons(_ commands: [LaneCommand]) -> [String] {
        commands.compactMap { if case .cancel(let reason) = $0.kind { reason } else { nil } }
    }

    @Test("a command of a run waits for the batch that has the run, and for no other")
    func waits() {
        let runs = UnsettledRuns(batches: 2)
        #expect(reasons(runs.take([command(1, "a"), command(1, "b"), command(2, "c")], for: 0)) == ["a", "b", "c"])
        #expect(reasons(runs.take([command(1, "d"), command(3, "e"), command(2, "f")], for: 1)) == ["e"])
        #expect(reasons(runs.take([command(3, "g"), command(1, "h")], for: 0)) == ["h"])
        #expect(reasons(runs.settle(0)) == ["d", "f"])
        #expect(reasons(runs.settle(0)) == [])
        #expect(reasons(runs.take([command(1, "i"), command(3, "j")], for: 0)) == ["i"])
        #expect(reasons(runs.settle(1)) == ["g", "j"])
        #expect(reasons(runs.take([command(3, "k")], for: 0)) == ["k"])
    }
}
