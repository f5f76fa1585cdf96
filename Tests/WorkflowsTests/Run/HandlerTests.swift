import Testing
import Workflows

@Suite("on_failure")
struct HandlerTests {
    private static let body = """
        steps:
          - {id: first, uses: noop}
          - {id: risky, uses: noop, needs: [first], retry: {max_attempts: 2, delay: 1s}}
          - {id: after, uses: noop, needs: [risky]}
        on_failure:
          - match: {step: risky, error: timeout}
            steps:
              - {id: note, uses: noop, with: {what: "${{ failure.message }}", from: "${{ failure.step }}"}}
              - {id: mend, uses: noop, needs: [note], with: {n: "${{ steps.note.output.n }}", f: "${{ steps.first.output }}"}}
            recover: {mended: "${{ steps.mend.output.v }}"}
          - match: {error: exit_3}
            recover: {ignored: true}
          - steps: [{id: tell, uses: noop}]
        """

    private func started() throws -> RunDriver {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.succeed("first", "1")
        return run
    }

    @Test("a handler's steps run, and mend the step with an output")
    func recovers() throws {
        var run = try started()
        #expect(try run.fail("risky", kind: .timeout) == ["expanded 1 ", "ready 6"])
        #expect(try run.status("risky") == .open)
        #expect(try run.input(6) == #"{"what":"boom","from":"risky"}"#)
        #expect(try run.succeed(6, #"{"n": 4}"#) == ["succeeded 6", "ready 7"])
        #expect(try run.input(7) == #"{"n":4,"f":1}"#)
        #expect(try run.succeed(7, #"{"v": 9}"#) == ["succeeded 7", "succeeded 1", "ready 2"])
        try run.succeed("after")
        #expect(run.ending?.lifecycle == .succeeded)
    }

    @Test("a handler without steps mends at once")
    func recoversAtOnce() throws {
        var run = try started()
        #expect(try run.fail("risky", code: "exit_3") == ["expanded 1 exit_3", "succeeded 1", "ready 2"])
    }

    @Test("the first match wins; without recover the step has failed all the same")
    func tells() throws {
        var run = try started()
        #expect(try run.fail("risky", kind: .resource) == ["expanded 1 ", "ready 6"])
        #expect(
            try run.succeed(6) == ["succeeded 6", "failed 1 ", "skipped 2 upstream_failed", "ended failed"])
        #expect(run.ending?.failure?.kind == .resource)
    }

    @Test("a handler that fails itself mends nothing")
    func handlerFails() throws {
        var run = try started()
        try run.fail("risky", kind: .timeout)
        #expect(
            try run.fail(6) == [
                "failed 6 ", "skipped 7 upstream_failed", "failed 1 ", "skipped 2 upstream_failed", "ended failed",
            ])
        #expect(run.ending?.failure?.kind == .timeout)
    }

    @Test("two failures are handled side by side")
    func twice() throws {
        var run = try RunDriver(
            """
            steps: [{id: a, uses: noop}, {id: b, uses: noop}]
            on_failure: [{steps: [{id: h, uses: noop}], recover: "${{ failure.step }}"}]
            """)
        try run.apply(.start)
        try run.fail("a")
        #expect(try run.fail("b") == ["expanded 1 ", "ready 4"])
        try run.succeed(4)
        try run.succeed(3)
        #expect(run.ending?.output == #"{"a":"a","b":"b"}"#)
    }

    @Test("cancel stops a handler")
    func cancel() throws {
        var run = try started()
        try run.fail("risky", kind: .timeout)
        #expect(
            try run.apply(.cancel(reason: "enough")) == ["drop 1", "cancelled 1 ", "cancelled 6 ", "ended cancelled"])
    }
}
