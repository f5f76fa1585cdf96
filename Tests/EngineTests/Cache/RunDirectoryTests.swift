import Expressions
import JSON
import TestSupport
import Testing
import Workflows

@testable import Engine

@Suite("Run directory", .timeLimit(.minutes(1)))
struct RunDirectoryTests {
    @Test("a claimed step reads what is committed, whatever a commit in flight has done to the run in memory")
    func ignoresCommitInFlight() async throws {
        let plan = Plan(
            name: "reads",
            steps: [
                PlanStep(id: "a", taskType: "noop"), PlanStep(id: "b", taskType: "other"),
                PlanStep(
                    id: "c", taskType: "other", needs: [0], input: try Template(["from": "${{ steps.a.output }}"])),
            ])
        let fixture = try await EngineFixture(plans: [plan])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let worker = TestWorker(session: 1) { _ in .finish(.success(Array("7".utf8))) }
        try await fixture.running(near) {
            try await fixture.running(far) {
                let key = fixture.key(try await near.start(fixture.start("reads")))
                let memory = try #require(near.parts.directory.cache(of: key)[key])
                // The near node writes the end of b, and will lose its race: a ends at the far node.
                let effects = try memory.withContents { contents in
                    try contents.run.apply(
                        .attemptSucceeded(step: 1, attempt: 1, output: []), at: fixture.clock.timestamp, random: 0)
                }
                #expect(effects.count == 1)
                try await worker.connect(to: far, tenant: fixture.tenant)
                #expect(await fixture.clock.advance(until: { fixture.store.history(key).count == 1 }))

                let fence = AttemptFence(key: key, step: 2, attempt: 1, session: SessionID(.init(high: 1, low: 1)))
                let lease = LeasedTask(
                    fence: fence, bucket: Bucket(tenant: fixture.tenant, queue: QueueID(1), route: RouteID(1)), rank: 0,
                    losses: 0, enqueuedAt: fixture.clock.timestamp, leasedAt: fixture.clock.timestamp)
                let entry = try #require(try await near.parts.directory.entries(of: [lease])[key])
                #expect(String(decoding: try entry.task(2).get().input, as: UTF8.self) == #"{"from":7}"#)
            }
        }
    }
}
