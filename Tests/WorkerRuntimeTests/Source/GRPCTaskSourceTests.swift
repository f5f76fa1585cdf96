import HTTP
import HTTPClient
import JSON
import Logging
import Protobuf
import Telemetry
import Testing

@testable import WorkerRuntime

/// Whole workers over real sockets.
@Suite("Worker over gRPC", .timeLimit(.minutes(1)))
struct GRPCTaskSourceTests {
    func worker(_ urls: [String], token: String? = "secret", folder: TestFolder) throws -> Worker {
        var configuration = WorkerConfiguration(name: "remote", pools: ["cpu": 2, "io": 2])
        configuration.urls = urls
        configuration.token = token
        configuration.scratch = folder.path
        configuration.files = folder.path
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try Worker.remote(
            configuration, environment: ["PATH": "/usr/bin:/bin"], metrics: MetricsRegistry(), logger: logger)
    }

    @Test("a task from Assign to Ack, with its log; then the worker leaves in order")
    func task() async throws {
        let bench = try await GRPCBench(token: "secret")
        let folder = try TestFolder()
        let worker = try worker([bench.url], folder: folder)
        defer { withExtendedLifetime(folder) {} }
        await #expect(throws: Left.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bench.run() }
                group.addTask {
                    try await worker.run()
                    throw Left()
                }
                group.addTask {
                    let stream = try await bench.accept()
                    #expect(stream.hello.worker == "remote" && stream.hello.session.count == 16)
                    #expect(stream.hello.taskTypes.map(\.name) == ["http", "noop", "python", "shell"])
                    try stream.say(.assign(.sample("shell", ["command": "echo hello; echo 42 > $BEAMLINE_OUTPUT"])))
                    #expect(try await stream.next() == .started(.init(task: .sample().name)))
                    var log = ""
                    var output: [UInt8]?
                    while output == nil, let message = try await stream.next() {
                        switch message {
                        case .log(let chunk): log += chunk.text
                        case .complete(let complete): output = complete.output
                        default: Issue.record("unexpected \(message)")
                        }
                    }
                    #expect(log == "hello\n" && output == Array("42".utf8))
                    try stream.say(.ack(.init(task: .sample(), result: .recorded)))
                    worker.beginDrain()
                    // A heartbeat may come in between; an outcome that was acknowledged may not come again.
                    var last: [BeamlineV1.WorkerMessage.Kind] = []
                    while let message = try await stream.next() { last.append(message) }
                    #expect(last.contains(.draining(.init())))
                    #expect(!last.contains { if case .complete = $0 { true } else { false } })
                }
                // Leaving ends the others too.
                while try await group.next() != nil {}
            }
        }
    }

    @Test("when a server goes away, the worker comes to the next one with what it holds")
    func failover() async throws {
        let first = try await GRPCBench(token: "secret")
        let second = try await GRPCBench(token: "secret")
        let folder = try TestFolder()
        let worker = try worker([first.url, second.url], folder: folder)
        defer { withExtendedLifetime(folder) {} }
        await #expect(throws: Left.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let serving = Gate()
                group.addTask {
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { try? await first.run() }
                        await serving.opened()
                        group.cancelAll()
                    }
                }
                group.addTask { try await second.run() }
                group.addTask {
                    try await worker.run()
                    throw Left()
                }
                group.addTask {
                    let before = try await first.accept()
                    try before.say(
                        .assign(
                            .sample(
                                "shell",
                                [
                                    "command": .string(
                                        TestFolder.waiting(for: folder.path + "/go") + "echo 1 > $BEAMLINE_OUTPUT")
                                ])))
                    #expect(try await before.next() == .started(.init(task: .sample().name)))
                    serving.open()
                    let after = try await second.accept()
                    #expect(after.hello.session == before.hello.session && after.hello.held == [.sample().name])
                    #expect(try await after.next() == .started(.init(task: .sample().name)))
                    try folder.write("go", "")
                    guard case .complete(let complete)? = try await after.next() else {
                        Issue.record("no outcome")
                        throw Left()
                    }
                    #expect(complete.output == Array("1".utf8))
                    try after.say(.ack(.init(task: .sample(), result: .recorded)))
                    worker.beginDrain()
                }
                // Leaving ends the others too.
                while try await group.next() != nil {}
            }
        }
    }

    @Test("a wrong token is not accepted, and leaving still works")
    func refused() async throws {
        let bench = try await GRPCBench(token: "secret")
        let folder = try TestFolder()
        let worker = try worker([bench.url], token: "wrong", folder: folder)
        defer { withExtendedLifetime(folder) {} }
        await #expect(throws: Left.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bench.run() }
                group.addTask {
                    try await worker.run()
                    throw Left()
                }
                group.addTask {
                    var refusals = bench.refusals.makeAsyncIterator()
                    for _ in 0..<3 { await refusals.next() }
                    worker.beginDrain()
                }
                // Leaving ends the others too.
                while try await group.next() != nil {}
            }
        }
        #expect(worker.metrics.connections.value == 0 && worker.metrics.connectionFailures.value >= 2)
    }

    @Test(
        "addresses of servers",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("https://host/", "host:443"), ("http://[::1]:9", "[::1]:9"),
            ("http://[::1]", "[::1]:80"), ("unix:/run/b.sock", "unix:/run/b.sock"),
        ])
    func urls(_ text: String, _ address: String) throws {
        #expect(try ServerURL(parsing: text).address.description == address)
        #expect(try ServerURL(parsing: text).isSecure == text.hasPrefix("https"))
    }

    @Test(
        "what names no server",
        arguments: ["", "host:80", "ftp://x", "http://", "http://a:b", "http://a/b", "http://u@h"])
    func malformed(_ text: String) {
        #expect(throws: ServerURL.Malformed.self) { try ServerURL(parsing: text) }
    }
}

/// The worker has left: ends a test's group.
struct Left: Error {}
