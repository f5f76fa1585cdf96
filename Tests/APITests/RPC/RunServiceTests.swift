import Access
import GRPC
import Logging
import Protobuf
import Testing

@Suite("gRPC services", .timeLimit(.minutes(5)))
struct RunServiceTests {
    private func status(_ body: () async throws -> Void) async -> GRPCStatus? {
        do {
            try await body()
            return nil
        } catch { return error as? GRPCStatus }
    }

    @Test("start, batch, get, list, watch, cancel")
    func runs() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let channel = try api.channel(.admin)
            let started = try await channel.unary(
                BeamlineV1.RunService.startRun, .init(workflow: "f", input: Array("{}".utf8), idempotencyKey: "k"))
            #expect(started.created)
            let again = try await channel.unary(
                BeamlineV1.RunService.startRun, .init(workflow: "f", input: Array("{}".utf8), idempotencyKey: "k"))
            #expect(!again.created && again.runID == started.runID)

            let batch = try await channel.unary(
                BeamlineV1.RunService.startRuns,
                .init(runs: [
                    .init(workflow: "f"), .init(workflow: "missing"), .init(workflow: "f", input: [0x5b]),
                    .init(workflow: "f"),
                ]))
            var outcomes: [String] = []
            for item in batch.items {
                switch item.outcome {
                case .started(let started): outcomes.append(started.created ? "created" : "known")
                case .error(let error): outcomes.append(error.code)
                case nil: outcomes.append("nothing")
                }
            }
            #expect(outcomes == ["created", "workflow_not_found", "malformed_json", "created"])

            let run = try await channel.unary(BeamlineV1.RunService.getRun, .init(runID: started.runID))
            #expect(run.workflow == "f" && run.state == "running" && run.steps.map(\.id) == ["a"])
            let list = try await channel.unary(BeamlineV1.RunService.listRuns, .init(pageSize: 2))
            #expect(list.runs.count == 2 && !list.nextPageToken.isEmpty)
            let rest = try await channel.unary(
                BeamlineV1.RunService.listRuns, .init(pageSize: 2, pageToken: list.nextPageToken))
            #expect(rest.runs.count == 1 && rest.nextPageToken.isEmpty)

            let watch = try await channel.serverStreaming(BeamlineV1.RunService.watchRun, .init(runID: started.runID))
            var states: [String] = []
            for try await run in watch.responses {
                states.append(run.state)
                if states.count == 1 {
                    _ = try await channel.unary(
                        BeamlineV1.RunService.cancelRun, .init(runID: started.runID, reason: "enough"))
                }
            }
            #expect(states.first == "running" && states.last == "cancelled")
            await channel.close()
        }
    }

    @Test("each refusal has its status and its reason")
    func refusals() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let viewer = try api.channel(.viewer)
            let admin = try api.channel(.admin)
            let start = BeamlineV1.RunService.startRun
            let denied = await status { _ = try await viewer.unary(start, .init(workflow: "f")) }
            #expect(denied?.code == .permissionDenied && denied?.reason == "forbidden")
            let missing = await status { _ = try await admin.unary(start, .init(workflow: "g")) }
            #expect(missing?.code == .notFound && missing?.reason == "workflow_not_found")
            let array = await status { _ = try await admin.unary(start, .init(workflow: "f", input: Array("[]".utf8))) }
            #expect(array?.code == .invalidArgument && array?.reason == "invalid_input")
            let broken = await status {
                _ = try await admin.unary(start, .init(workflow: "f", input: Array(#"{"a":"#.utf8)))
            }
            #expect(broken?.reason == "malformed_json")
            _ = try await admin.unary(start, .init(workflow: "f", idempotencyKey: "k"))
            let reused = await status {
                _ = try await admin.unary(
                    start, .init(workflow: "f", input: Array(#"{"a":1}"#.utf8), idempotencyKey: "k"))
            }
            #expect(reused?.code == .alreadyExists && reused?.reason == "idempotency_key_reused")
            let unknown = await status { _ = try await admin.unary(BeamlineV1.RunService.getRun, .init(runID: "x")) }
            #expect(unknown?.reason == "invalid_run_id")

            var configuration = GRPCChannel.Configuration(address: api.address)
            let nobody = GRPCChannel(configuration, logger: .init(label: "test"))
            let anonymous = await status { _ = try await nobody.unary(start, .init(workflow: "f")) }
            #expect(anonymous?.code == .unauthenticated && anonymous?.reason == "token_missing")
            let health = await status { _ = try await nobody.unary(GRPCHealthV1.Health.check, .init()) }
            #expect(health?.code == .unauthenticated)
            #expect(try await viewer.unary(GRPCHealthV1.Health.check, .init()).status == .serving)
            configuration.metadata["authorization"] = "Bearer x"
            await nobody.close()
            await viewer.close()
            await admin.close()
        }
    }

    @Test("definitions over gRPC")
    func workflows() async throws {
        try await APIFixture.run { api in
            let channel = try api.channel(.developer)
            let source = Array(TestDefinitions.source("f", steps: ["a"]).utf8)
            let applied = try await channel.unary(BeamlineV1.WorkflowService.applyWorkflow, .init(source: source))
            #expect(applied.changed && applied.workflow?.version == 1)
            let stored = try await channel.unary(BeamlineV1.WorkflowService.getWorkflow, .init(name: "f"))
            #expect(stored.source == source)
            let listed = try await channel.unary(BeamlineV1.WorkflowService.listWorkflows, .init())
            #expect(listed.workflows.map(\.name) == ["f"])
            let checked = try await channel.unary(
                BeamlineV1.WorkflowService.validateWorkflow, .init(source: Array("{}".utf8), fileName: "x.yaml"))
            #expect(checked.diagnostics.first?.path == "x.yaml" && checked.diagnostics.first?.line == 1)
            let invalid = await status {
                _ = try await channel.unary(BeamlineV1.WorkflowService.applyWorkflow, .init(source: Array("{}".utf8)))
            }
            #expect(invalid?.code == .invalidArgument && invalid?.reason == "invalid_definition")
            await channel.close()
        }
    }
}
