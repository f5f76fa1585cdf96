import Access
import GRPC
import HTTP
import Protobuf
import TestPrograms
import Testing

@Suite("gRPC: signals, pauses, approvals, queues, bundles, failures, limits", .timeLimit(.minutes(5)))
struct SteeringServiceTests {
    @Test("official grpcio steers a server: bundles, queues, runs, failures, limits")
    func grpcio() async throws {
        try await APIFixture.run { api in
            guard case .tcp(_, let port) = api.address else {
                Issue.record("the server listens elsewhere")
                return
            }
            let client = try ChildProgram([
                Checkout.python, Checkout.root + "/Tests/Services/steering.py", "\(port)",
                try api.token(.admin),
            ])
            var lines: [String] = []
            while let line = await client.line() { lines.append(line) }
            #expect(lines == ["ok bundles", "ok queues", "ok runs", "ok failures", "ok limits"])
        }
    }

    @Test("who may not, may not by gRPC either")
    func permissions() async throws {
        try await APIFixture.run { api in
            func code(_ role: Role, _ body: (GRPCChannel) async throws -> Void) async throws -> String? {
                let channel = try api.channel(role)
                var found: String?
                do {
                    try await body(channel)
                } catch { found = (error as? GRPCStatus)?.reason }
                await channel.close()
                return found
            }
            let put = BeamlineV1.PutQueueRequest(queue: .init(name: "q"))
            let change = BeamlineV1.ChangeQueueRequest(name: "q")
            let bundle = BeamlineV1.ApplyBundleRequest(
                files: [.init(name: "b", content: Array("bundle: b\nqueues: [{ name: q }]\n".utf8))])
            let mayNotPut = try await code(.operator) { _ = try await $0.unary(BeamlineV1.QueueService.putQueue, put) }
            #expect(mayNotPut == "forbidden")
            let mayPut = try await code(.developer) { _ = try await $0.unary(BeamlineV1.QueueService.putQueue, put) }
            #expect(mayPut == nil)
            let mayNotPause = try await code(.viewer) {
                _ = try await $0.unary(BeamlineV1.QueueService.pauseQueue, change)
            }
            #expect(mayNotPause == "forbidden")
            let mayNotDelete = try await code(.operator) {
                _ = try await $0.unary(BeamlineV1.QueueService.deleteQueue, change)
            }
            #expect(mayNotDelete == "forbidden")
            let mayPause = try await code(.operator) {
                _ = try await $0.unary(BeamlineV1.QueueService.pauseQueue, change)
            }
            #expect(mayPause == nil)
            let mayNotApply = try await code(.operator) {
                _ = try await $0.unary(BeamlineV1.BundleService.applyBundle, bundle)
            }
            #expect(mayNotApply == "forbidden")
            let mayNotRedrive = try await code(.viewer) {
                _ = try await $0.unary(BeamlineV1.FailureService.redriveDeadLetter, .init(id: "x"))
            }
            #expect(mayNotRedrive == "forbidden")
            let order = BeamlineV1.BulkOrder(action: "rerun", filter: "state:failed")
            let mayNotBulk = try await code(.viewer) {
                _ = try await $0.unary(BeamlineV1.BulkService.createBulkJob, .init(order: order))
            }
            #expect(mayNotBulk == "forbidden")
            let mayNotTrip = try await code(.viewer) {
                _ = try await $0.unary(BeamlineV1.BreakerService.tripBreaker, .init(name: "b"))
            }
            #expect(mayNotTrip == "forbidden")
            let mayNotLimit = try await code(.operator) {
                _ = try await $0.unary(BeamlineV1.LimitService.putLimit, .init(name: "l", of: "runs", slots: 1))
            }
            #expect(mayNotLimit == "forbidden")
            for weight: Int32 in [-1, 1_000_001] {
                let bad = BeamlineV1.PutQueueRequest(queue: .init(name: "q", weight: weight))
                let refused = try await code(.admin) { _ = try await $0.unary(BeamlineV1.QueueService.putQueue, bad) }
                #expect(refused == "invalid_argument")
            }
        }
    }
}
