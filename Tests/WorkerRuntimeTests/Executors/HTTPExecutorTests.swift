import HTTP
import HTTPClient
import JSON
import Logging
import NIOCore
import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("http", .timeLimit(.minutes(1)))
struct HTTPExecutorTests {
    /// Runs one attempt against a server on a real socket, which answers by the path.
    func attempt(_ with: (_ url: String) -> JSONValue, stop: Bool = false) async throws -> TaskOutcome {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let reached = Gate()
        let server = HTTPServer(
            configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), logger: logger
        ) { request in
            let body = try await request.body.collect(upTo: 1 << 20)
            switch request.path {
            case "/json":
                return HTTPResponse(
                    status: 200,
                    fields: ["content-type": "application/json; charset=utf-8", "x-method": request.method],
                    body: .bytes(ByteBuffer(string: #"{"a":[1,null]}"#)))
            case "/echo":
                let fields = ["traceparent", "idempotency-key", "content-type", "x-mine"]
                    .map { "\($0)=\(request.fields[$0] ?? "")" }.joined(separator: "\n")
                return .text(fields + "\n" + String(buffer: body))
            case "/large": return .text(String(repeating: "x", count: ProgramTask.outputLimit + 1))
            case "/hang":
                reached.open()
                try await Task.sleep(for: .seconds(600))
                return .text("late")
            default:
                return .text("said no", status: Int(request.path.dropFirst()) ?? 404)
            }
        }
        let port = try await server.bind().first?.port ?? 0
        let bench = try ExecutorBench()
        let assign = BeamlineV1.Assign.sample("http", with("http://127.0.0.1:\(port)"))
        return try await withThrowingTaskGroup(of: TaskOutcome?.self) { group in
            group.addTask {
                try await server.run()
                return nil
            }
            group.addTask { await HTTPExecutor(client: HTTPClient()).run(bench.execution(assign)) }
            if stop {
                await reached.opened()
                bench.stop.raise(.graceful)
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw Left()
        }
    }

    @Test("a JSON answer becomes a value")
    func json() async throws {
        let output = try await attempt { ["url": .string($0 + "/json"), "method": "post", "json": ["x": 1]] }.output
        #expect(output?["status"] == 200 && output?["body"] == ["a": [1, nil]])
        #expect(output?["headers"]?["x-method"] == "POST")
    }

    @Test("what goes along: trace, idempotency key, headers, content")
    func request() async throws {
        let output = try await attempt {
            ["url": .string($0 + "/echo"), "method": "PUT", "body": "text", "headers": ["X-Mine": 5]]
        }.output
        #expect(
            output?["body"]?.stringValue == """
                traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
                idempotency-key=\(BeamlineV1.TaskRef.sample().idempotencyKey)
                content-type=text/plain; charset=utf-8
                x-mine=5
                text
                """)
    }

    @Test(
        "statuses: which fail, and which of them are worth another try",
        arguments: [
            (400, false), (404, false), (408, true), (429, true), (500, true), (503, true),
        ])
    func statuses(_ status: Int, _ retryable: Bool) async throws {
        let failure = try await attempt { ["url": .string("\($0)/\(status)")] }.failure
        #expect(failure?.kind == .error && failure?.code == "http_\(status)" && failure?.retryable == retryable)
        #expect(failure?.message.hasSuffix("answered \(status): said no") == true)
    }

    @Test("an expected status is a success, any other not")
    func expected() async throws {
        #expect(try await attempt { ["url": .string($0 + "/404"), "expect": [200, 404]] }.output?["status"] == 404)
        #expect(try await attempt { ["url": .string($0 + "/json"), "expect": 201] }.failure?.code == "http_200")
    }

    @Test("time-out, stop, nobody there, too large")
    func failures() async throws {
        let timeout = try await attempt { ["url": .string($0 + "/hang"), "timeout": "100ms"] }.failure
        #expect(timeout?.kind == .timeout && timeout?.retryable == true)
        #expect(try await attempt({ ["url": .string($0 + "/hang")] }, stop: true).failure?.code == "stopped")
        let nobody = try await attempt { _ in ["url": "http://127.0.0.1:1/"] }.failure
        #expect(nobody?.code == "unreachable" && nobody?.retryable == true)
        #expect(try await attempt { ["url": .string($0 + "/large")] }.failure?.code == "output_too_large")
    }

    @Test("wrong input names its place")
    func invalid() async throws {
        for (with, message) in [
            ([:], "with.url: is missing"), (["url": "x", "body": "a", "json": 1], "with: give either"),
            (["url": "x", "expect": [99]], "with.expect: must be a status"), (["url": "ftp://x/"], "with: "),
        ] as [(JSONValue, String)] {
            let failure = try await attempt { _ in with }.failure
            #expect(failure?.kind == .invalid && failure?.retryable == false)
            #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "")")
        }
    }
}
