import ArgumentParser
import GRPC
import Logging
import Protobuf
import Synchronization
import UnixSignals

/// Takes tasks and completes them at once. On SIGTERM it prints how long each took from the time in its input (`at`, the
/// scheduled send of its StartRun) to its assignment here; SIGUSR1 forgets what was measured so far. With `--hold` it keeps
/// each task for about so long, and prints how many it had at once.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Complete tasks of type noop at once.")

    @OptionGroup var target: LoadTarget

    @Option(help: "Slots.")
    var slots = 256

    @Option(help: "Its name.")
    var name = "load"

    @Option(help: "Milliseconds for which a task is kept, give or take a half; 0: completed at once.")
    var hold = 0

    func run() async throws {
        let latencies = Latencies()
        let completed = Counter()
        let occupancy = Occupancy()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigusr1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await serve(latencies, completed, occupancy) }
            for await signal in signals {
                guard signal == .sigusr1 else { break }
                latencies.reset()
            }
            group.cancelAll()
        }
        print(
            "{\"completed\": \(completed.value.load(ordering: .relaxed)), \(latencies.json)\(hold > 0 ? ", \(occupancy.json)" : "")}"
        )
    }

    /// Takes and completes tasks until it is cancelled.
    func serve(_ latencies: Latencies, _ completed: Counter, _ occupancy: Occupancy = Occupancy()) async {
        do {
            try await talk(latencies, completed, occupancy)
        } catch {
            // Cancelled by the signal: however the stream puts it, that is the end that was asked for.
            guard !Task.isCancelled else { return }
            Logger(label: "load").error("the worker's stream has ended", metadata: ["error": "\(error)"])
        }
    }

    private func talk(_ latencies: Latencies, _ completed: Counter, _ occupancy: Occupancy) async throws {
        let channel = target.channel()
        let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
        var generator = SystemRandomNumberGenerator()
        let hello = BeamlineV1.Hello(
            worker: name, session: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) },
            protocolVersions: [1], softwareVersion: "load",
            taskTypes: [BeamlineV1.TaskType(name: "noop", pool: "io")],
            pools: [BeamlineV1.Pool(name: "io", slots: Int32(slots))])
        try await call.send(BeamlineV1.WorkerMessage(kind: .hello(hello)))
        // Assigned and not yet acknowledged: what an honest worker answers to a heartbeat's or an inventory's question.
        let held = Held()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(3))
                    let count = held.tasks.withLock { Int32($0.count) }
                    try await call.send(.init(kind: .heartbeat(.init(held: count))))
                }
            }
            for try await message in call.responses {
                switch message.kind {
                case .assign(let assign):
                    let now = wallClockMicroseconds()
                    guard let task = assign.task else { continue }
                    let name = BeamlineV1.TaskRef(runID: task.runID, stepID: task.stepID, attempt: task.attempt)
                    held.tasks.withLock { $0[task.idempotencyKey] = name }
                    if let at = Self.sentAt(assign.input) { latencies.add(now - at) }
                    try await call.send(.init(kind: .started(.init(task: name))))
                    guard hold > 0 else {
                        try await call.send(.init(kind: .complete(.init(task: name, output: Self.output))))
                        completed.value.add(1, ordering: .relaxed)
                        continue
                    }
                    let span = Duration.milliseconds(Int.random(in: hold / 2...hold * 3 / 2, using: &generator))
                    occupancy.change(by: 1)
                    group.addTask {
                        try await Task.sleep(for: span)
                        occupancy.change(by: -1)
                        try await call.send(.init(kind: .complete(.init(task: name, output: Self.output))))
                        completed.value.add(1, ordering: .relaxed)
                    }
                case .ack(let ack):
                    if let task = ack.task { held.tasks.withLock { $0[task.idempotencyKey] = nil } }
                case .revoke(let revoke):
                    if let task = revoke.task { held.tasks.withLock { $0[task.idempotencyKey] = nil } }
                case .inventory:
                    let tasks = held.tasks.withLock { Array($0.values) }
                    try await call.send(.init(kind: .inventory(.init(held: tasks))))
                case .heartbeatAck, .welcome, .cancel, .drain, .reconnect, .kill, nil: continue
                }
            }
            group.cancelAll()
        }
    }

    private static let output = Array(#"{"ok":true}"#.utf8)

    /// The number after `"at":`, without a tree.
    private static func sentAt(_ input: [UInt8]) -> Int64? {
        let key = Array(#""at":"#.utf8)
        guard input.count > key.count else { return nil }
        for start in 0...(input.count - key.count) where input[start] == key[0] {
            guard input[start..<start + key.count].elementsEqual(key) else { continue }
            var value: Int64 = 0
            for byte in input[(start + key.count)...] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { break }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        return nil
    }
}

final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

private final class Held: Sendable {
    let tasks = Mutex<[String: BeamlineV1.TaskRef]>([:])
}
