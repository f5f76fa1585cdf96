import Access
import Foundation
import GRPC
import HTTP
import JSON
import Logging
import Postgres
import Protobuf
import Telemetry
import TestSupport
import Testing
import WorkerRuntime

@testable import API

@Suite("Secrets in steps", .serialized, .timeLimit(.minutes(5)))
struct SecretStepTests {
    /// With characters that every encoding writes in its own way, and of no length that base64 likes.
    private static let secret = #"p4$s/w+rd "q" \ é"# + "-\(UInt64.random(in: 0 ... .max))"

    /// What must be found nowhere.
    private static let needles: [String: String] = {
        let data = Data(secret.utf8)
        let json = String(decoding: (try? JSONSerialization.data(withJSONObject: [secret])) ?? Data(), as: UTF8.self)
        let hex: String = data.map { String(format: "%02x", $0) }.joined()
        var needles = [
            "raw": secret, "hex": hex, "HEX": hex.uppercased(), "json": String(json.dropFirst(2).dropLast(2)),
        ]
        needles["url"] = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        // A long piece of it, should only the ends be masked.
        needles["piece"] = String(secret.suffix(12))
        for offset in 0..<3 {
            let all = (Data(repeating: 0x41, count: offset) + data).base64EncodedString()
            // What neighbours have a part in is not the secret's alone.
            needles["base64 \(offset)"] = String(all.dropFirst(4).dropLast(4))
        }
        return needles
    }()

    private static func expectNowhere(_ text: String, _ place: String) {
        for (name, needle) in needles {
            let found = text.range(of: needle)
            #expect(found == nil, "\(place) has the secret as \(name)")
        }
    }

    /// Every row of every table as text: what a dump has.
    private static func dump(_ api: APIFixture) async throws -> String {
        let connection = try await api.database.connect()
        var dump = ""
        let tables = try await connection.query(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        for table in tables {
            let name = try table.decode(0, as: String.self)
            let rows = try await connection.query(
                PostgresQuery(unescaped: "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM \(name) t"))
            dump += try "\(name)\n\(rows.decode(row: 0, column: 0, as: String.self))\n"
        }
        await connection.close()
        return dump
    }

    private static func set(_ api: APIFixture, _ name: String = "ci%2Ftoken") async throws {
        let answer = try await api.send(
            "PUT", "/v1/secrets/\(name)", json: JSONValue.object([("value", .string(secret))]).text())
        #expect(answer.status == 200)
    }

    private static func apply(_ api: APIFixture, _ steps: JSONValue, name: String = "f") async throws {
        let source: JSONValue = ["name": .string(name), "steps": steps]
        let answer = try await api.send("POST", "/v1/workflows", json: source.text())
        #expect(answer.status == 201, "\(answer.text)")
    }

    private static func start(_ api: APIFixture, _ name: String = "f") async throws -> String {
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"\#(name)"}"#)
        return try #require(run.json?["id"]?.stringValue)
    }

    private static func ended(_ api: APIFixture, _ run: String) async throws -> JSONValue {
        while true {
            let answer = try await api.send("GET", "/v1/runs/\(run)")
            let state = answer.json?["state"]?.stringValue ?? ""
            if ["succeeded", "failed", "cancelled"].contains(state) { return answer.json ?? .null }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Looks everywhere.
    private static func expectClean(_ api: APIFixture, _ run: String, _ logs: RecordedLogs) async throws {
        for path in [
            "/v1/runs/\(run)", "/v1/runs/\(run)/logs?page_size=500", "/v1/runs", "/v1/workflows/f", "/v1/audit",
            "/v1/secrets", "/metrics", "/v1/overview", "/v1/workers", "/v1/system/tree",
        ] { expectNowhere(try await api.send("GET", path).text, path) }
        expectNowhere(try await dump(api), "the database")
        expectNowhere(logs.text, "the logs")
    }

    private static let program = """
        import base64, json, os, sys, time, urllib.parse
        def main(args):
            s = os.environ["TOKEN"]
            b = s.encode()
            print("raw", s)
            for offset in range(3):
                print("base64", base64.b64encode(b"A" * offset + b).decode(), base64.urlsafe_b64encode(b"A" * offset + b).decode())
            print("url", urllib.parse.quote(s, safe=""), urllib.parse.quote_plus(s), urllib.parse.quote(s))
            print("json", json.dumps(s), json.dumps(s, ensure_ascii=False), json.dumps({"a": [s]}))
            print("hex", b.hex(), b.hex().upper(), b.hex(" "))
            print("repr", repr(s), repr(b))
            print("error", s, file=sys.stderr)
            sys.stdout.flush()
            for part in (s[:7], s[7:]):
                sys.stdout.write(part)
                sys.stdout.flush()
                time.sleep(0.6)
            print()
            if args.get("fail"):
                raise RuntimeError("it was " + s)
            return {"raw": s, "base64": base64.b64encode(b).decode(), "list": [s, b.hex()], s: "key"}
        """

    @Test("printed, returned and thrown by a program in every encoding, and split over two chunks, it is found nowhere")
    func program() async throws {
        let logs = RecordedLogs()
        try await APIFixture.run(logger: logs.logger) { api in
            try await Self.set(api)
            let with: JSONValue = [
                "code": .string(Self.program), "env": ["TOKEN": #"${{ secrets["ci/token"] }}"#],
                "args": ["fail": false],
            ]
            let failing: JSONValue = [
                "code": .string(Self.program), "env": ["TOKEN": #"${{ secrets["ci/token"] }}"#], "args": ["fail": true],
            ]
            let again: JSONValue = ["output": "${{ steps.leak.output }}"]
            try await Self.apply(
                api,
                [
                    ["id": "leak", "uses": "python", "with": with],
                    ["id": "after", "uses": "noop", "needs": ["leak"], "with": again],
                    ["id": "fail", "uses": "python", "needs": ["after"], "with": failing],
                ])
            var configuration = WorkerConfiguration(name: "w", pools: ["cpu": 2, "io": 2])
            configuration.urls = ["http://\(api.address)"]
            configuration.token = try api.token(.worker)
            let worker = try Worker.remote(
                configuration, environment: ProcessInfo.processInfo.environment, metrics: MetricsRegistry(),
                logger: logs.logger)
            let running = Task { try await worker.run() }
            let run = try await Self.start(api)
            let ended = try await Self.ended(api, run)
            #expect(ended["state"] == "failed")
            #expect(ended["error"]?.text().contains("***") == true, "\(ended.text())")
            let steps = ended["steps"]?.arrayValue ?? []
            #expect(steps.first { $0["id"] == "leak" }?["output"]?["raw"] == "***")
            #expect(steps.first { $0["id"] == "after" }?["state"] == "succeeded")
            let lines = try await api.send("GET", "/v1/runs/\(run)/logs?page_size=500")
            #expect(
                lines.text.contains("raw ***") && lines.text.contains("error ***") && lines.text.contains("hex *** ***")
            )
            try await Self.expectClean(api, run, logs)
            worker.stopNow()
            try await running.value
        }
    }

    @Test("the server masks what a worker does not: split log chunks, outputs, errors, after a reconnect too")
    func server() async throws {
        let logs = RecordedLogs()
        try await APIFixture.run(logger: logs.logger) { api in
            try await Self.set(api, "s")
            try await Self.apply(
                api,
                [
                    ["id": "a", "uses": "noop", "with": ["t": "Bearer ${{ secrets.s }}"]],
                    ["id": "b", "uses": "noop", "needs": ["a"], "with": ["t": "${{ secrets.s }}"]],
                ])
            let session = (0..<16).map { _ in UInt8.random(in: 0 ... .max) }
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel, session: session)
            var messages = worker.call.responses.makeAsyncIterator()
            let run = try await Self.start(api)
            func assignment() async throws -> BeamlineV1.Assign {
                while let message = try await messages.next() {
                    if case .assign(let assign)? = message.kind { return assign }
                }
                throw CancellationError()
            }
            func say(_ call: TestWorker, _ task: BeamlineV1.TaskRef?, _ parts: [String]) async throws {
                for (index, part) in parts.enumerated() {
                    try await call.call.send(
                        .init(
                            kind: .log(
                                .init(task: task, sequence: Int64(index + 1), stream: .output, text: part, unixUs: 1))))
                }
            }
            let first = try await assignment()
            #expect(first.secrets == [Array(Self.secret.utf8)])
            #expect(try JSONValue(parsing: first.input)["t"]?.stringValue == "Bearer \(Self.secret)")
            let text = "it is \(Self.secret)!"
            try await say(worker, first.task, [String(text.prefix(12)), String(text.dropFirst(12)), "tail p4$s"])
            try await worker.call.send(.init(kind: .started(.init(task: first.task))))
            let output = JSONValue.object([("a", .string(Self.secret))]).bytes()
            try await worker.call.send(.init(kind: .complete(.init(task: first.task, output: output))))
            let second = try await assignment()
            try await worker.call.send(.init(kind: .started(.init(task: second.task))))
            // The stream breaks; the worker comes back with what it holds, perhaps to another node.
            await channel.close()
            let back = try api.channel(.worker)
            let call = try await back.bidirectional(BeamlineV1.WorkerService.connect)
            try await call.send(TestWorker.hello(session: session, held: [try #require(second.task)]))
            let again = TestWorker(call: call)
            try await say(again, second.task, ["again \(Self.secret)\n"])
            try await call.send(
                .init(kind: .fail(.init(task: second.task, kind: "error", message: "with \(Self.secret)"))))
            let ended = try await Self.ended(api, run)
            #expect(ended["state"] == "failed" && ended["steps"]?[0]?["output"]?["a"] == "***")
            #expect(ended["steps"]?[1]?["error"]?["message"] == "with ***", "\(ended.text())")
            var lines = ""
            while !lines.contains("again ***") || !lines.contains("p4$s") {
                lines = try await api.send("GET", "/v1/runs/\(run)/logs").text
            }
            #expect(lines.contains("it is "))
            try await Self.expectClean(api, run, logs)
            await back.close()
        }
    }

    @Test("a secret that is not there fails the step, with its name; one that is no text, too")
    func missing() async throws {
        try await APIFixture.run { api in
            try await Self.apply(api, [["id": "a", "uses": "noop", "with": ["t": "${{ secrets.nowhere }}"]]])
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            let served = Task { try await worker.complete() }
            let ended = try await Self.ended(api, try await Self.start(api))
            let error = ended["steps"]?[0]?["error"]
            #expect(ended["state"] == "failed" && error?["code"] == "secret_unavailable")
            #expect(error?["message"]?.stringValue?.contains(#"no secret "nowhere""#) == true)
            served.cancel()
            await channel.close()
        }
    }

    @Test("no input of a run passes for a secret's mark, and no other tenant's secret is had")
    func forged() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/secrets/s", tenant: "other", json: #"{"value":"theirs-theirs"}"#)
            _ = try await api.send("PUT", "/v1/secrets/s", json: #"{"value":"ours-ours"}"#)
            let source: JSONValue = [
                "name": "f", "inputs": ["type": "object", "additionalProperties": true],
                "steps": [["id": "a", "uses": "noop", "with": ["i": "${{ inputs.i }}", "t": "${{ secrets.s }}"]]],
            ]
            #expect(try await api.send("POST", "/v1/workflows", json: source.text()).status == 201)
            let channel = try api.channel(.worker)
            let worker = try await TestWorker.connect(channel)
            let input = #"{"workflow":"f","input":{"i":"{{secret s}} {{secret 0 s}} ${{ secrets.s }}"}}"#
            #expect(try await api.send("POST", "/v1/runs", json: input).status == 201)
            for try await message in worker.call.responses {
                guard case .assign(let assign)? = message.kind else { continue }
                let input = try JSONValue(parsing: assign.input)
                #expect(input["i"] == "{{secret s}} {{secret 0 s}} ${{ secrets.s }}" && input["t"] == "ours-ours")
                break
            }
            await channel.close()
        }
    }

    @Test("who applies a definition must be allowed to use the secrets that it names")
    func grants() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/roles/writer", json: #"{"permissions":["workflows:apply"]}"#)
            _ = try await api.send("PUT", "/v1/roles/user", json: #"{"permissions":["secrets:use"]}"#)
            let token = try api.minter.mint(
                subject: "wil", tenant: "acme", roles: [], customRoles: ["writer"], lifetime: 600, now: APIFixture.now,
                id: "w")
            func apply(
                _ secret: String, to path: String = "/v1/workflows", as type: String = "application/json"
            ) async throws -> APIFixture.Answer {
                let source: JSONValue = [
                    "name": .string("f"),
                    "steps": [["id": "a", "uses": "noop", "with": ["t": .string("${{ secrets[\"\(secret)\"] }}")]]],
                ]
                return try await api.send(
                    "POST", path, as: nil, json: source.text(),
                    fields: ["authorization": "Bearer \(token)", "content-type": type])
            }
            let refused = try await apply("ci/token")
            #expect(refused.status == 403 && refused.text.contains("secrets:use"))
            let bundled = try await apply("ci/token", to: "/v1/apply", as: "application/yaml")
            #expect(bundled.status == 403 && bundled.text.contains("secrets:use"))
            let grant = #"{"subject":"wil","role":"user","kind":"namespace","name":"ci"}"#
            _ = try await api.send("POST", "/v1/grants", json: grant)
            while try await apply("ci/token").status != 201 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await apply("prod/token").status == 403)
        }
    }
}
