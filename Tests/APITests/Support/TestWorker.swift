import GRPC
import Protobuf

/// A worker on a real stream: completes what it is assigned, until the call is cancelled.
struct TestWorker: Sendable {
    let call: GRPCCall<BeamlineV1.WorkerMessage, BeamlineV1.ServerMessage>

    static func hello(
        session: [UInt8], slots: Int32 = 4, held: [BeamlineV1.TaskRef] = []
    ) -> BeamlineV1.WorkerMessage {
        BeamlineV1.WorkerMessage(
            kind: .hello(
                BeamlineV1.Hello(
                    worker: "test-worker", session: session, protocolVersions: [1], softwareVersion: "1.0",
                    taskTypes: [BeamlineV1.TaskType(name: "noop", pool: "io")],
                    pools: [BeamlineV1.Pool(name: "io", slots: slots)],
                    labels: [BeamlineV1.Label(name: "zone", value: "a")], held: held)))
    }

    static func connect(
        _ channel: GRPCChannel, session: [UInt8] = (0..<16).map { _ in .random(in: 0 ... .max) }, slots: Int32 = 4
    ) async throws -> TestWorker {
        let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
        try await call.send(hello(session: session, slots: slots))
        return TestWorker(call: call)
    }

    /// Answers every assignment with this output and a line of log.
    func complete(output: String = #"{"ok":true}"#) async throws {
        for try await message in call.responses {
            guard case .assign(let assign)? = message.kind else { continue }
            try await call.send(.init(kind: .started(.init(task: assign.task))))
            try await call.send(
                .init(
                    kind: .log(
                        .init(
                            task: assign.task, sequence: 1, stream: .output, text: "did \(assign.task?.stepID ?? "")\n",
                            unixUs: 1_800_000_000_000_000))))
            try await call.send(.init(kind: .complete(.init(task: assign.task, output: Array(output.utf8)))))
        }
    }

    /// What `serve` does with an assignment.
    enum Verdict: Sendable {
        case success
        case failure
    }

    /// Ends every assignment as its input, a JSON text, decides, and says now and then that it is there: a test on a busy
    /// machine may take longer than the worker's lease.
    func serve(_ verdict: @Sendable (String) -> Verdict) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let call = call
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(3))
                    try await call.send(.init(kind: .heartbeat(.init())))
                }
            }
            defer { group.cancelAll() }
            for try await message in call.responses {
                guard case .assign(let assign)? = message.kind else { continue }
                try await call.send(.init(kind: .started(.init(task: assign.task))))
                switch verdict(String(decoding: assign.input, as: UTF8.self)) {
                case .success:
                    try await call.send(.init(kind: .complete(.init(task: assign.task, output: Array("{}".utf8)))))
                case .failure:
                    try await call.send(
                        .init(kind: .fail(.init(task: assign.task, kind: "error", code: "down", message: "it is down")))
                    )
                }
            }
        }
    }
}
