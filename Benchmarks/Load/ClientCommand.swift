import ArgumentParser
import GRPC
import Protobuf
import Synchronization

/// Starts runs: as fast as they are answered (closed loop), or at a fixed rate (open loop).
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "client", abstract: "Start runs of a workflow.")

    @OptionGroup var target: LoadTarget

    @Option(help: "The workflow.")
    var workflow: String

    @Option(help: "HTTP/2 connections, at most 8.")
    var connections = 8

    @Option(help: "Calls under way on each connection (closed loop).")
    var inFlight = 32

    @Option(help: "Runs in one call; 1 uses StartRun, more StartRuns.")
    var batch = 1

    @Option(help: "Calls a second (open loop); 0: closed loop.")
    var rate = 0

    @Option(help: "Seconds before anything is counted.")
    var warmup = 10

    @Option(help: "Seconds that are counted.")
    var seconds = 60

    @Option(help: "Runs after which it ends, and not by time (closed loop); 0: by time.")
    var count = 0

    @Option(help: "A word that makes this run's inputs different from other runs'.")
    var salt = "a"

    func run() async throws {
        let channels = (0..<connections).map { _ in target.channel() }
        let tally = Tally()
        let clock = ContinuousClock()
        let begin = clock.now
        let counted = begin + .seconds(warmup)
        let end = count > 0 ? counted + .seconds(3600) : counted + .seconds(seconds)
        let calls = Calls(count > 0 ? (count + batch - 1) / batch : .max)
        await withTaskGroup(of: Void.self) { group in
            if rate > 0 {
                await open(channels, tally, from: begin, counted: counted, to: end, in: &group)
            } else {
                for (number, channel) in channels.enumerated() {
                    for lane in 0..<inFlight {
                        group.addTask {
                            await closed(channel, tally, number * inFlight + lane, calls, counted: counted, to: end)
                        }
                    }
                }
            }
        }
        for channel in channels { await channel.close() }
        print(tally.json(seconds: seconds))
    }

    private func closed(
        _ channel: GRPCChannel, _ tally: Tally, _ lane: Int, _ calls: Calls, counted: ContinuousClock.Instant,
        to end: ContinuousClock.Instant
    ) async {
        let clock = ContinuousClock()
        var number = 0
        while true {
            let begin = clock.now
            guard begin < end, calls.take() else { return }
            let created = await call(channel, "\(lane)-\(number)", sentAt: wallClockMicroseconds())
            number += 1
            tally.count(created, of: batch, isCounted: begin >= counted && clock.now <= end, took: clock.now - begin)
        }
    }

    private func open(
        _ channels: [GRPCChannel], _ tally: Tally, from begin: ContinuousClock.Instant,
        counted: ContinuousClock.Instant, to end: ContinuousClock.Instant, in group: inout TaskGroup<Void>
    ) async {
        let clock = ContinuousClock()
        let beginWall = wallClockMicroseconds()
        var number = 0
        while true {
            let offset = Int64(number) * 1_000_000 / Int64(rate)
            let due = begin + .microseconds(offset)
            guard due < end else { return }
            try? await clock.sleep(until: due, tolerance: .zero)
            let (channel, name) = (channels[number % channels.count], "open-\(number)")
            group.addTask {
                // From the scheduled time, not from the actual one: a late client is part of the latency.
                let created = await call(channel, name, sentAt: beginWall + offset)
                tally.count(created, of: batch, isCounted: due >= counted, took: clock.now - due)
            }
            number += 1
        }
    }

    /// Answers how many runs the server acknowledged.
    private func call(_ channel: GRPCChannel, _ name: String, sentAt: Int64) async -> Int {
        func request(_ index: Int) -> BeamlineV1.StartRunRequest {
            let input = #"{"n":"\#(salt)-\#(name)-\#(index)","at":\#(sentAt)}"#
            return BeamlineV1.StartRunRequest(workflow: workflow, input: Array(input.utf8))
        }
        do {
            if batch == 1 {
                return try await channel.unary(BeamlineV1.RunService.startRun, request(0)).created ? 1 : 0
            }
            let answer = try await channel.unary(
                BeamlineV1.RunService.startRuns, BeamlineV1.StartRunsRequest(runs: (0..<batch).map(request)))
            return answer.items.count { item in
                if case .started(let started)? = item.outcome { started.created } else { false }
            }
        } catch {
            return 0
        }
    }
}

/// How many calls are left to make.
private final class Calls: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func take() -> Bool { left.wrappingSubtract(1, ordering: .relaxed).oldValue > 0 }
}

/// What the client counted: all acknowledged runs, and those of the measured time.
private final class Tally: Sendable {
    private struct Counts {
        var acknowledged = 0
        var counted = 0
        var failed = 0
    }

    private let counts = Mutex(Counts())
    private let latencies = Latencies()

    func count(_ created: Int, of batch: Int, isCounted: Bool, took: Duration) {
        counts.withLock { counts in
            counts.acknowledged += created
            counts.failed += batch - created
            if isCounted { counts.counted += created }
        }
        if isCounted {
            latencies.add(took.components.seconds * 1_000_000 + took.components.attoseconds / 1_000_000_000_000)
        }
    }

    func json(seconds: Int) -> String {
        let counts = counts.withLock { $0 }
        let rate = Double(counts.counted) / Double(seconds)
        return
            "{\"acknowledged\": \(counts.acknowledged), \"failed\": \(counts.failed), \"rate\": \(rate), \(latencies.json)}"
    }
}
