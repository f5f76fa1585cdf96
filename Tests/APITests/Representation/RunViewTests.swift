import Engine
import JSON
import Testing
import Workflows

@testable import API

@Suite("The view of a run")
struct RunViewTests {
    private let key = RunKey(tenant: TenantID(1), run: RunID(RunID.Bytes(high: 1, low: 2)))

    private func row(
        _ step: Int32, _ attempt: Int32, _ state: StepState, failure: StepFailure? = nil, output: String? = nil
    ) -> TransitionRow {
        TransitionRow(
            key: key,
            transition: StepTransition(
                step: step, attempt: attempt, state: state, output: output.map { Array($0.utf8) }, failure: failure,
                at: Timestamp(microseconds: 5), revision: 1))
    }

    private func view(_ history: [TransitionRow], _ tokens: [LiveToken] = [], steps: [String] = ["a", "b"]) throws
        -> RunView
    {
        let outline = try FlowOutline(canonical: Array(TestDefinitions.source("f", steps: steps).utf8))
        let summary = RunSummary(
            key: key, workflow: "f", version: 1, state: .running, createdAt: Timestamp(microseconds: 1), endedAt: nil,
            failure: nil)
        return RunView(
            RunDetail(
                summary: summary, flow: FlowVersionID(1), revision: 3, input: Array("{}".utf8), output: nil,
                traceparent: nil, history: history, tokens: tokens), outline: outline)
    }

    @Test("steps without a row are pending; tokens say where live ones stand")
    func tokens() throws {
        let view = try view(
            [row(0, 1, .succeeded, output: "7")],
            [LiveToken(step: 1, state: .running, attempt: 1, worker: "w", enqueuedAt: nil, leasedAt: nil, dueAt: nil)],
            steps: ["a", "b", "c"])
        #expect(view.steps.map(\.state) == [.succeeded, .running, .pending])
        #expect(view.steps[1].attempts.map(\.state) == [.running])
        #expect(view.steps[1].needs == ["a"])
        #expect(view.steps[2].attempt == 0)
    }

    @Test("each way in which an attempt ends")
    func attempts() throws {
        let timeout = StepFailure(kind: .timeout, message: "slow", retryable: true)
        let crash = StepFailure(kind: .error, code: "exit_1", message: "crashed", retryable: true)
        let view = try view(
            [
                row(0, 1, .scheduled, failure: timeout), row(0, 2, .lost), row(0, 3, .scheduled, failure: crash),
                row(0, 4, .succeeded, output: "{}"), row(1, 0, .skipped),
            ])
        #expect(view.steps[0].attempts.map(\.state) == [.timedOut, .lost, .failed, .succeeded])
        #expect(view.steps[0].attempt == 4)
        #expect(view.steps[0].failure == nil)
        #expect(view.steps[1].state == .skipped && view.steps[1].attempts.isEmpty)
    }

    @Test("a ready token is the attempt that its claim will make")
    func ready() throws {
        let token = LiveToken(
            step: 0, state: .ready, attempt: 1, worker: nil, enqueuedAt: Timestamp(microseconds: 9), leasedAt: nil,
            dueAt: nil)
        let view = try view([row(0, 1, .lost)], [token])
        #expect(view.steps[0].attempts.map(\.attempt) == [1, 2])
        #expect(view.steps[0].state == .ready)
    }

    @Test("integers that JavaScript cannot hold are strings, in what users wrote too")
    func integers() {
        var writer = JSONWriter(largeIntegers: .string)
        writer.payload(Array(#"{"a":9007199254740993,"b":[1],"c":"1234567890123456789"}"#.utf8))
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":"9007199254740993","b":[1],"c":"1234567890123456789"}"#)
    }

    @Test("steps that a run has made stand behind those of its plan, by the numbers of its history")
    func made() throws {
        let source = """
            {"name": "f", "steps": [
                {"id": "each", "uses": "noop", "for_each": "[1, 2]"}, {"id": "risky", "uses": "noop"}],
              "finally": [{"id": "last", "uses": "noop"}],
              "on_failure": [{"steps": [{"id": "fix", "uses": "noop"}]}]}
            """
        let outline = try FlowOutline(canonical: Array(source.utf8))
        let summary = RunSummary(
            key: key, workflow: "f", version: 1, state: .running, createdAt: Timestamp(microseconds: 1), endedAt: nil,
            failure: nil)
        let boom = StepFailure(kind: .error, message: "boom", retryable: false)
        let history = [
            row(0, -1, .expanded, output: #"{"base":4,"items":[1,2]}"#),
            row(1, 1, .expanded, failure: boom, output: #"{"base":6,"handler":0}"#),
            row(5, 1, .succeeded, output: "7"), row(-2, 0, .entered, output: "\"finally\""),
        ]
        let view = RunView(
            RunDetail(
                summary: summary, flow: FlowVersionID(1), revision: 3, input: Array("{}".utf8), output: nil,
                traceparent: nil, history: history, tokens: []), outline: outline)
        #expect(view.steps.map(\.id) == ["each", "risky", "last", "each:4", "each:5", "fix:6"])
        #expect(view.steps.map(\.index) == [0, 1, 2, 4, 5, 6])
        #expect(view.steps.map(\.state) == [.expanded, .expanded, .pending, .pending, .succeeded, .pending])
        #expect(view.steps[0].output == nil && view.steps[4].output == Array("7".utf8))
        #expect(outline.index(of: "each:5") == 5 && outline.index(of: "each:3") == nil)
    }
}
