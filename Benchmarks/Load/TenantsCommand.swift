import ArgumentParser
import Foundation
import GRPC
import Protobuf
import Synchronization

/// Many tenants, each with a worker of its own; the first may flood the server while the others send at a steady rate. What
/// it prints of the others is from the scheduled send on: to the call (`sent`: this program's own part), to the worker
/// (`others`), and to the call's answer (`answered`).
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

    enum Part: String, ExpressibleByArgument {
        case all, flood, others
    }

    @Option(help: "Which tenants are in this process: all, flood (the first) or others.")
    var part = Part.all

    @Option(help: "Seconds before anything is counted.")
    var warmup = 5

    @Option(help: "Seconds that are counted.")
    var seconds = 20

    @Option(help: "A word that makes this run's inputs different from other runs'.")
    var salt = "a"

    private struct Member {
        /// Its line in the file; the first one floods.
        var number: Int
        var client: LoadTarget
        var worker: WorkerCommand
        let sent = Latencies()
        let latencies = Latencies()
        let answered = Latencies()
        let completed = Counter()

        func reset() { for latencies in [sent, latencies, answered] { latencies.reset() } }
    }

    func run() async throws {
        let lines = try String(contentsOfFile: tokens, encoding: .utf8).split(separator: "\n")
        let members = try lines.enumerated().compactMap { index, line -> Member? in
            if part != .all, (part == .flood) != (index == 0) { return nil }
            let sides = line.split(separator: " ").map(String.init)
            return Member(
                number: index,
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
            for member in members {
                if member.number == 0 {
                    if flood > 0 { floodServer(member, to: end, calls, in: &group) }
                } else if rate > 0 {
                    group.addTask { await steady(member, of: lines.count, from: begin, to: end, calls) }
                }
            }
            try? await clock.sleep(for: .seconds(warmup))
            for member in members { member.reset() }
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
        func completed(_ isCounted: (Member) -> Bool) -> Double {
            Double(zip(members, spans).reduce(0) { $0 + (isCounted($1.0) ? $1.1 : 0) }) / Double(seconds)
        }
        let others = members.filter { $0.number > 0 }
        let stages = [("sent", \Member.sent), ("others", \.latencies), ("answered", \.answered)]
            .map { name, values in "\"\(name)\": {\(Latencies.json(of: others.map { $0[keyPath: values] }))}" }
        print(
            "{\"failed\": \(calls.failed.value.load(ordering: .relaxed)), \"flood_rate\": \(completed { $0.number == 0 }), "
                + "\"others_rate\": \(completed { $0.number > 0 }), \(stages.joined(separator: ", "))}")
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
        _ member: Member, of count: Int, from begin: ContinuousClock.Instant,
        to end: ContinuousClock.Instant, _ calls: Calls
    ) async {
        let index = member.number
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
                group.addTask {
                    member.sent.add(wallClockMicroseconds() - at)
                    await start(channel, name, calls, at: at)
                    member.answered.add(wallClockMicroseconds() - at)
                }
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
