import ArgumentParser
import Foundation
import GRPC
import Protobuf
import Synchronization

/// Many tenants, each with a worker of its own; the first may flood the server while the others send at a steady rate.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants", abstract: "Load of many tenants at once, one of them flooding.")

    @Option(help: "Port on 127.0.0.1.")
    var port: Int

    @Option(help: "File with a line for each tenant: a token that starts runs, a blank, a token for its worker.")
    var tokens: String

    @Option(help: "The workflow; every tenant has it.")
    var workflow: String

    @Option(help: "Runs a second that each of the others starts (open loop); 0: none.")
    var rate = 5

    @Option(help: "Calls that the first tenant keeps under way (closed loop); 0: it starts none.")
    var flood = 0

    @Option(help: "Seconds before anything is counted.")
    var warmup = 5

    @Option(help: "Seconds that are counted.")
    var seconds = 20

    @Option(help: "A word that makes this run's inputs different from other runs'.")
    var salt = "a"

    private struct Member {
        var client: LoadTarget
        var worker: WorkerCommand
        let latencies = Latencies()
        let completed = Counter()
    }

    func run() async throws {
        let lines = try String(contentsOfFile: tokens, encoding: .utf8).split(separator: "\n")
        let members = try lines.enumerated().map { index, line in
            let sides = line.split(separator: " ").map(String.init)
            return Member(
                client: try LoadTarget.parse(["--port", "\(port)", "--token", sides[0]]),
                worker: try WorkerCommand.parse([
                    "--port", "\(port)", "--token", sides[1], "--slots", index == 0 ? "256" : "8", "--name",
                    "w\(index)",
                ]))
        }
        let clock = ContinuousClock()
        let calls = Calls()
        var spans: [Int] = []
        await withTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { await member.worker.serve(member.latencies, member.completed) } }
            // Until all are connected; what is not is seen in the figures.
            try? await clock.sleep(for: .seconds(2))
            let begin = clock.now
            let end = begin + .seconds(warmup + seconds)
            if flood > 0 { floodServer(members[0], to: end, calls, in: &group) }
            if rate > 0 {
                for (index, member) in members.enumerated().dropFirst() {
                    group.addTask { await steady(member, index, of: members.count, from: begin, to: end, calls) }
                }
            }
            try? await clock.sleep(for: .seconds(warmup))
            for member in members { member.latencies.reset() }
            let before = members.map { $0.completed.value.load(ordering: .relaxed) }
            try? await clock.sleep(until: end)
            spans = zip(members, before).map { $0.completed.value.load(ordering: .relaxed) - $1 }
            // What was accepted is worked off, so that the next load finds nothing waiting.
            let limit = clock.now + .seconds(120)
            while clock.now < limit, !calls.isSettled(by: members.map(\.completed)) {
                try? await clock.sleep(for: .milliseconds(50))
            }
            group.cancelAll()
        }
        let others = Latencies.json(of: members.dropFirst().map(\.latencies))
        print(
            "{\"failed\": \(calls.failed.value.load(ordering: .relaxed)), \"flood_rate\": \(Double(spans[0]) / Double(seconds)), "
                + "\"others_rate\": \(Double(spans.dropFirst().reduce(0, +)) / Double(seconds)), \"others\": {\(others)}}"
        )
    }

    private func floodServer(
        _ member: Member, to end: ContinuousClock.Instant, _ calls: Calls, in group: inout TaskGroup<Void>
    ) {
        let channels = (0..<4).map { _ in member.client.channel() }
        for lane in 0..<flood {
            group.addTask {
                var number = 0
                while ContinuousClock.now < end, !Task.isCancelled {
                    await start(channels[lane % channels.count], "f\(lane)-\(number)", calls)
                    number += 1
                }
            }
        }
    }

    /// The tenants' sends are spread over the second.
    private func steady(
        _ member: Member, _ index: Int, of count: Int, from begin: ContinuousClock.Instant,
        to end: ContinuousClock.Instant, _ calls: Calls
    ) async {
        let channel = member.client.channel()
        await withTaskGroup(of: Void.self) { group in
            var number = 0
            while true {
                let offset = (Int64(number) * 1_000_000 + 1_000_000 * Int64(index) / Int64(count)) / Int64(rate)
                let due = begin + .microseconds(offset)
                guard due < end, !Task.isCancelled else { break }
                try? await ContinuousClock().sleep(until: due, tolerance: .zero)
                // From the scheduled time on.
                let late = ContinuousClock.now - due
                let at = wallClockMicroseconds() - late.components.attoseconds / 1_000_000_000_000
                let name = "s\(index)-\(number)"
                group.addTask { await start(channel, name, calls, at: at) }
                number += 1
            }
        }
        await channel.close()
    }

    private func start(_ channel: GRPCChannel, _ name: String, _ calls: Calls, at: Int64? = nil) async {
        calls.begun.value.add(1, ordering: .relaxed)
        let input = #"{"n":"\#(salt)-\#(name)","at":\#(at ?? wallClockMicroseconds())}"#
        do {
            _ = try await channel.unary(
                BeamlineV1.RunService.startRun,
                BeamlineV1.StartRunRequest(workflow: workflow, input: Array(input.utf8)))
            calls.accepted.value.add(1, ordering: .relaxed)
        } catch {
            calls.failed.value.add(1, ordering: .relaxed)
        }
    }
}

/// What became of the calls of all tenants.
private struct Calls: Sendable {
    let begun = Counter()
    let accepted = Counter()
    let failed = Counter()

    /// Whether every call has its answer, and every accepted run has come to a worker.
    func isSettled(by completed: [Counter]) -> Bool {
        let (begun, accepted) = (begun.value.load(ordering: .relaxed), accepted.value.load(ordering: .relaxed))
        return begun == accepted + failed.value.load(ordering: .relaxed)
            && completed.reduce(0) { $0 + $1.value.load(ordering: .relaxed) } >= accepted
    }
}
