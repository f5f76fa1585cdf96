import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@Suite("REST: dead letters, redrives and reruns", .timeLimit(.minutes(5)))
struct FailureTests {
    private struct Done {
        var step: String
        var attempt: Int32
        var input: String
    }

    /// A worker that is led by the test, one task at a time.
    private struct Hand {
        let channel: GRPCChannel
        let worker: TestWorker
        var responses: GRPCResponses<BeamlineV1.WorkerMessage, BeamlineV1.ServerMessage>.AsyncIterator

        init(_ api: APIFixture) async throws {
            channel = try api.channel(.worker)
            worker = try await TestWorker.connect(channel)
            responses = worker.call.responses.makeAsyncIterator()
        }

        /// Takes the next task and ends it; answers its step, attempt and input, once that is durable.
        mutating func end(with output: String?) async throws -> Done {
            var assign: BeamlineV1.Assign?
            while assign == nil {
                let message = try #require(try await responses.next())
                if case .assign(let one)? = message.kind { assign = one }
            }
            let task = assign?.task
            try await worker.call.send(.init(kind: .started(.init(task: task))))
            if let output {
                try await worker.call.send(.init(kind: .complete(.init(task: task, output: Array(output.utf8)))))
            } else {
                try await worker.call.send(
                    .init(
                        kind: .fail(
                            .init(task: task, retryable: false, kind: "error", code: "exit_1", message: "disk full"))))
            }
            while true {
                let message = try #require(try await responses.next())
                if case .ack? = message.kind { break }
            }
            return Done(
                step: task?.stepID ?? "", attempt: task?.attempt ?? 0,
                input: String(decoding: assign?.input ?? [], as: UTF8.self))
        }

        func close() async {
            worker.call.cancel()
            await channel.close()
        }
    }

    private static let source = """
        {"name": "load", "inputs": {"type": "object", "additionalProperties": true}, "steps": [
          {"id": "a", "uses": "noop"},
          {"id": "b", "uses": "noop", "needs": ["a"], "with": {"path": "${{ inputs.path }}"}}
        ], "output": "${{ steps.b.output }}"}
        """

    /// A run whose second step has failed.
    private func failedRun(_ api: APIFixture, _ hand: inout Hand) async throws -> String {
        #expect([200, 201].contains(try await api.send("POST", "/v1/workflows", json: Self.source).status))
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"load","input":{"path":"/x"}}"#)
        #expect(try await hand.end(with: "1").step == "a")
        #expect(try await hand.end(with: nil).step == "b")
        return try #require(run.json?["id"]?.stringValue)
    }

    @Test("a failed step leaves a letter, which is found by filters and shown with its attempts")
    func letters() async throws {
        try await APIFixture.run { api in
            var hand = try await Hand(api)
            #expect(try await api.send("GET", "/v1/dead-letters", as: .viewer).json?["dead_letters"] == [])
            let run = try await failedRun(api, &hand)
            let list = try await api.send("GET", "/v1/dead-letters?filter=state:open%20error:exit_*", as: .viewer)
            let letter = try #require(list.json?["dead_letters"]?[0])
            #expect(letter["run"]?.stringValue == run && letter["step"] == "b" && letter["state"] == "open")
            #expect(letter["input"]?["path"] == "/x" && letter["error"]?["message"] == "disk full")
            let none = try await api.send("GET", "/v1/dead-letters?filter=step:a")
            #expect(none.json?["dead_letters"] == [])
            let id = try #require(letter["id"]?.stringValue)
            let shown = try await api.send("GET", "/v1/dead-letters/\(id)", as: .viewer)
            #expect(shown.json?["attempts"]?[0]?["worker"] == "test-worker")
            #expect(shown.json?["attempts"]?[0]?["attempt"] == letter["attempt"] && shown.json?["workflow"] == "load")
            #expect(try await api.send("GET", "/v1/dead-letters?filter=nokey:1").json?["code"] == "invalid_filter")
            #expect(try await api.send("GET", "/v1/dead-letters?cursor=x").json?["code"] == "invalid_cursor")
            #expect(try await api.send("GET", "/v1/dead-letters/\(run)-99").status == 404)
            let bad = String(repeating: "z", count: 30)
            #expect(try await api.send("GET", "/v1/dead-letters/\(bad)").json?["code"] == "invalid_dead_letter_id")
            await hand.close()
        }
    }

    @Test("the run of a letter is redriven with another input, once; it ends well in a new generation")
    func redrive() async throws {
        try await APIFixture.run { api in
            var hand = try await Hand(api)
            let run = try await failedRun(api, &hand)
            let id = try #require(
                try await api.send("GET", "/v1/dead-letters").json?["dead_letters"]?[0]?["id"]?.stringValue)
            let path = "/v1/dead-letters/\(id)/redrive"
            #expect(try await api.send("POST", path, as: .viewer).status == 403)
            #expect(try await api.send("POST", path, json: #"{"input":1}"#).json?["code"] == "invalid_input")
            let redriven = try await api.send("POST", path, as: .operator, json: #"{"input":{"path":"/y"}}"#)
            #expect(redriven.status == 200 && redriven.json?["state"] == "running")
            let record = try await api.send("GET", "/v1/audit?page_size=1").json?["records"]?[0]
            #expect(record?["action"] == "run.redrive" && record?["name"]?.stringValue == run)
            let again = try await api.send("POST", path)
            #expect(again.status == 409 && again.json?["code"] == "conflict")
            let task = try await hand.end(with: "7")
            #expect(task.step == "b" && task.attempt > 1000 && task.input == #"{"path":"/y"}"#)
            let shown = try await api.send("GET", "/v1/runs/\(run)")
            #expect(shown.json?["state"] == "succeeded" && shown.json?["output"] == 7)
            #expect(shown.json?["steps"]?[1]?["attempts"]?.arrayValue?.count ?? 0 >= 2)
            let letter = try await api.send("GET", "/v1/dead-letters/\(id)")
            #expect(letter.json?["state"] == "redriven" && letter.json?["redriven_by"] == "ada")
            let failed = try await api.send("GET", "/v1/runs?state=failed")
            #expect(failed.json?["runs"] == [], "it stands among the failed runs no more")
            await hand.close()
        }
    }

    @Test(
        "where the workflow limits its runs, a redriven run takes its key as a new one does",
        arguments: [
            ("queue", 200, ["queued"]), ("reject", 409, ["concurrency_limit"]),
            ("cancel_running", 200, ["queued", "running"]),
        ])
    func limited(policy: String, status: Int, outcomes: [String]) async throws {
        try await APIFixture.run { api in
            var hand = try await Hand(api)
            let source = """
                {"name": "load", "concurrency": {"limit": 1, "on_conflict": "\(policy)"},
                 "steps": [{"id": "a", "uses": "noop"}]}
                """
            #expect([200, 201].contains(try await api.send("POST", "/v1/workflows", json: source).status))
            let first = try await api.send("POST", "/v1/runs", json: #"{"workflow":"load"}"#)
            #expect(try await hand.end(with: nil).step == "a")
            let id = try #require(
                try await api.send("GET", "/v1/dead-letters").json?["dead_letters"]?[0]?["id"]?.stringValue)
            _ = try await api.send("POST", "/v1/runs", json: #"{"workflow":"load"}"#)
            let redriven = try await api.send("POST", "/v1/dead-letters/\(id)/redrive", as: .operator)
            #expect(redriven.status == status, "\(redriven.text)")
            let outcome = (redriven.json?["state"] ?? redriven.json?["code"])?.stringValue ?? ""
            #expect(outcomes.contains(outcome))
            let run = try #require(first.json?["id"]?.stringValue)
            let explained = try await api.send("GET", "/v1/runs/\(run)/explain", as: .viewer)
            #expect(explained.status == 200)
            if policy == "queue" { #expect(explained.json?["waits"]?[0]?["reason"] == "limit") }
            await hand.close()
        }
    }

    @Test("a run is repeated as a new one: whole, what has failed, or from a step with another input")
    func rerun() async throws {
        try await APIFixture.run { api in
            var hand = try await Hand(api)
            let run = try await failedRun(api, &hand)
            let path = "/v1/runs/\(run)/rerun"
            let whole = try await api.send("POST", path, fields: ["idempotency-key": "k"])
            #expect(whole.status == 201)
            let repeated = try await api.send("POST", path, fields: ["idempotency-key": "k"])
            #expect(repeated.status == 200 && repeated.json?["id"] == whole.json?["id"])
            #expect(try await hand.end(with: "1").step == "a")
            #expect(try await hand.end(with: "2").step == "b")

            let part = try await api.send("POST", path, as: .operator, json: #"{"from":"failed"}"#)
            let task = try await hand.end(with: "3")
            #expect(task.step == "b" && task.input == #"{"path":"/x"}"#)
            let partID = try #require(part.json?["id"]?.stringValue)
            let shown = try await api.send("GET", "/v1/runs/\(partID)")
            #expect(shown.json?["state"] == "succeeded" && shown.json?["rerun_of"]?.stringValue == run)
            #expect(shown.json?["steps"]?[0]?["state"] == "succeeded", "taken over")

            let step = try await api.send("POST", path, json: #"{"step":"b","step_input":{"path":"/z"}}"#)
            #expect(step.status == 201)
            #expect(try await hand.end(with: "4").input == #"{"path":"/z"}"#)

            #expect(try await api.send("POST", path, as: .viewer).status == 403)
            for body in [#"{"from":"middle"}"#, #"{"from":"failed","step":"b"}"#, #"{"step_input":{}}"#] {
                #expect(try await api.send("POST", path, json: body).json?["code"] == "invalid_body")
            }
            #expect(try await api.send("POST", path, json: #"{"step":"no"}"#).json?["code"] == "step_not_found")
            let live = try await api.send("POST", "/v1/runs", json: #"{"workflow":"load","input":{"path":"/x"}}"#)
            let early = try await api.send("POST", "/v1/runs/\(live.json?["id"]?.stringValue ?? "")/rerun")
            #expect(early.status == 409, "it goes on still")
            await hand.close()
        }
    }
}
