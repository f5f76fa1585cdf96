import API
import Access
import GRPC
import JSON
import Protobuf
import Testing

@Suite("The worker's stream", .timeLimit(.minutes(5)))
struct WorkerServiceTests {
    private typealias Responses = GRPCResponses<BeamlineV1.WorkerMessage, BeamlineV1.ServerMessage>

    /// The next message of a kind; others are passed over.
    private func next<Wanted>(
        _ responses: inout Responses.AsyncIterator, _ pick: (BeamlineV1.ServerMessage.Kind) -> Wanted?
    ) async throws -> Wanted {
        while let message = try await responses.next() {
            if let kind = message.kind, let wanted = pick(kind) { return wanted }
        }
        throw GRPCStatus(.unknown, "the stream ended before the message")
    }

    private func start(_ api: APIFixture) async throws -> String {
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
        return try #require(run.json?["id"]?.stringValue)
    }

    private func status(_ api: APIFixture, _ messages: [BeamlineV1.WorkerMessage]) async throws -> GRPCStatus? {
        let channel = try api.channel(.worker)
        let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
        for message in messages { try await call.send(message) }
        do {
            for try await _ in call.responses {}
            return nil
        } catch { return error as? GRPCStatus }
    }

    @Test("welcome first; assign, acknowledgement after the commit, then a stale and an already recorded outcome")
    func outcomes() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a", "b"])
            let id = try await start(api)
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel, slots: 1)
            var responses = worker.call.responses.makeAsyncIterator()
            guard case .welcome(let welcome)? = try await responses.next()?.kind else {
                Issue.record("the first message is not the welcome")
                return
            }
            #expect(welcome.protocolVersion == 1 && welcome.leaseMs > 0 && welcome.heartbeatMs > 0)
            let first = try await next(&responses) { if case .assign(let assign) = $0 { assign } else { nil } }
            #expect(first.task?.runID == id && first.task?.stepID == "a" && first.task?.attempt == 1)
            #expect(first.task?.idempotencyKey.isEmpty == false)
            #expect(first.task?.traceparent.hasPrefix("00-") == true)
            #expect(first.taskType == "noop" && first.workflow == "f" && first.enqueuedUnixUs > 0)
            try await worker.call.send(.init(kind: .started(.init(task: first.task))))
            let done = BeamlineV1.WorkerMessage(kind: .complete(.init(task: first.task, output: Array("1".utf8))))
            try await worker.call.send(done)
            let ack = try await next(&responses) { if case .ack(let ack) = $0 { ack } else { nil } }
            #expect(ack.result == .recorded && ack.task?.stepID == "a")
            try await worker.call.send(done)
            let second = try await next(&responses) { if case .ack(let ack) = $0 { ack } else { nil } }
            #expect(second.result == .alreadyRecorded)
            var wrong = first.task
            wrong?.attempt = 77
            try await worker.call.send(.init(kind: .complete(.init(task: wrong, output: Array("1".utf8)))))
            let third = try await next(&responses) { if case .ack(let ack) = $0 { ack } else { nil } }
            #expect(third.result == .stale)
            try await worker.call.send(.init(kind: .heartbeat(.init(held: 0, sequence: 9))))
            let beat = try await next(&responses) { if case .heartbeatAck(let beat) = $0 { beat } else { nil } }
            #expect(beat.sequence == 9)
            worker.call.cancel()
            await channel.close()
        }
    }

    @Test("outputs that are no JSON, or too large, fail the attempt and say so")
    func badOutputs() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            var responses = worker.call.responses.makeAsyncIterator()
            for (output, code) in [
                (Array("{".utf8), "invalid_output"), ([UInt8](repeating: 0x20, count: 1_100_000), "output_too_large"),
            ] {
                let id = try await start(api)
                let assign = try await next(&responses) { if case .assign(let assign) = $0 { assign } else { nil } }
                try await worker.call.send(.init(kind: .started(.init(task: assign.task))))
                try await worker.call.send(.init(kind: .complete(.init(task: assign.task, output: output))))
                _ = try await next(&responses) { if case .ack(let ack) = $0 { ack } else { nil } }
                let run = try await api.send("GET", "/v1/runs/\(id)")
                #expect(run.json?["state"] == "failed")
                #expect(run.json?["steps"]?[0]?["error"]?["code"] == .string(code))
            }
            worker.call.cancel()
            await channel.close()
        }
    }

    @Test("cancelling a run reaches the worker that holds its step")
    func cancel() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            var responses = worker.call.responses.makeAsyncIterator()
            let id = try await start(api)
            let assign = try await next(&responses) { if case .assign(let assign) = $0 { assign } else { nil } }
            try await worker.call.send(.init(kind: .started(.init(task: assign.task))))
            _ = try await api.send("POST", "/v1/runs/\(id)/cancel", json: #"{"reason":"wrong file"}"#)
            let cancel = try await next(&responses) { if case .cancel(let cancel) = $0 { cancel } else { nil } }
            #expect(cancel.task?.runID == id)
            worker.call.cancel()
            await channel.close()
        }
    }

    @Test("a stop tells the workers to connect elsewhere, and ends their streams")
    func drain() async throws {
        try await APIFixture.run { api in
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            var responses = worker.call.responses.makeAsyncIterator()
            _ = try await next(&responses) { if case .welcome(let welcome) = $0 { welcome } else { nil } }
            api.api.drain()
            _ = try await next(&responses) { if case .reconnect(let reconnect) = $0 { reconnect } else { nil } }
            #expect(try await responses.next() == nil)
            await channel.close()
        }
    }

    @Test("streams that do not keep to the protocol end with a reason")
    func protocolErrors() async throws {
        try await APIFixture.run { api in
            let session = [UInt8](repeating: 7, count: 16)
            let noHello = try await status(api, [.init(kind: .heartbeat(.init()))])
            #expect(noHello?.code == .invalidArgument && noHello?.reason == "no_hello")
            let shortSession = try await status(api, [TestWorker.hello(session: [1])])
            #expect(shortSession?.reason == "invalid_hello")
            let twice = try await status(api, [TestWorker.hello(session: session), TestWorker.hello(session: session)])
            #expect(twice?.reason == "second_hello")
            let nameless = try await status(api, [TestWorker.hello(session: session), .init(kind: .started(.init()))])
            #expect(nameless?.reason == "invalid_task")
            let slotless = try await status(api, [TestWorker.hello(session: session, slots: 0)])
            #expect(slotless?.reason == "worker_refused")

            let viewer = try api.channel(.viewer)
            let call = try await viewer.bidirectional(BeamlineV1.WorkerService.connect)
            do {
                try await call.send(TestWorker.hello(session: session))
                for try await _ in call.responses {}
                Issue.record("a viewer may not connect a worker")
            } catch {
                #expect((error as? GRPCStatus)?.code == .permissionDenied)
            }
            await viewer.close()
        }
    }
}
