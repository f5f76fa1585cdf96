import Testing
import Workflows

@Suite("setup, finally, cancel and pause")
struct StageTests {
    private static let body = """
        setup: [{id: open, uses: noop}]
        steps:
          - {id: work, uses: noop, with: {handle: "${{ steps.open.output.h }}"}}
          - {id: more, uses: noop, needs: [work]}
        finally:
          - {id: close, uses: noop, with: {h: "${{ steps.open.output.h }}", why: "${{ failure == null ? 'none' : failure.kind }}"}}
        timeout: 1h
        """

    @Test("one part after the other")
    func order() throws {
        var run = try RunDriver(Self.body)
        #expect(try run.apply(.start) == ["deadline", "ready 2"])
        #expect(try run.succeed("open", #"{"h": 5}"#) == ["succeeded 2", "entered -2", "ready 0"])
        #expect(try run.input(0) == #"{"handle":5}"#)
        try run.succeed("work")
        #expect(try run.succeed("more") == ["succeeded 1", "entered -2", "ready 3"])
        #expect(try run.input(3) == #"{"h":5,"why":"none"}"#)
        #expect(try run.succeed("close") == ["succeeded 3", "ended succeeded"])
    }

    @Test("a failed setup leaves the steps out, and cleans up")
    func failedSetup() throws {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        #expect(try run.fail("open") == ["failed 2 ", "entered -2", "ready 3"])
        try run.succeed("close")
        #expect(run.ending?.lifecycle == .failed && run.ending?.failure?.step == "open")
    }

    @Test("a failure is cleaned up after, and a failing clean-up fails a run that was well")
    func failures() throws {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.succeed("open", #"{"h": 5}"#)
        #expect(try run.fail("work") == ["failed 0 ", "skipped 1 upstream_failed", "entered -2", "ready 3"])
        try run.succeed("close")
        #expect(run.ending?.lifecycle == .failed)
        var other = try RunDriver("steps: [{id: a, uses: noop}]\nfinally: [{id: f, uses: noop}]")
        try other.apply(.start)
        try other.succeed("a")
        try other.fail("f")
        #expect(other.ending?.failure?.step == "f")
    }

    @Test("cancel runs the clean-up; a second cancel, or force, ends at once")
    func cancel() throws {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.succeed("open", #"{"h": 5}"#)
        #expect(
            try run.apply(.cancel(reason: "enough")) == ["drop [0]", "cancelled 0 ", "entered -2 ", "ready 3"])
        #expect(run.run.lifecycle == .cancelling)
        #expect(try run.input(3) == #"{"h":5,"why":"cancelled"}"#)
        var again = run
        try run.succeed("close")
        #expect(run.ending?.lifecycle == .cancelled && run.ending?.failure?.message == "enough")
        #expect(try again.apply(.cancel(reason: "now")) == ["drop 1", "cancelled 3 ", "ended cancelled"])
        var forced = try RunDriver(Self.body)
        try forced.apply(.start)
        #expect(try forced.apply(.cancel(reason: "now", force: true)) == ["drop 1", "cancelled 2 ", "ended cancelled"])
    }

    @Test("a deadline cleans up too, and the run has timed out")
    func deadline() throws {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.apply(.deadlinePassed)
        #expect(run.run.lifecycle == .cancelling)
        #expect(throws: RunRejection.stopping) { try run.apply(.deadlinePassed) }
        try run.succeed("close")
        #expect(run.ending?.lifecycle == .timedOut)
    }

    @Test("cancel during the clean-up lets it end, once")
    func cancelInFinally() throws {
        var run = try RunDriver(Self.body)
        try run.apply(.start)
        try run.fail("open")
        #expect(try run.apply(.cancel(reason: "enough")) == ["entered -2 "])
        try run.succeed("close")
        #expect(run.ending?.lifecycle == .cancelled)
    }

    @Test("cancel during a clean-up that is paused lets it go on")
    func cancelInPausedFinally() throws {
        let stops: [(event: RunEvent, line: String)] = [
            (.cancel(reason: "enough"), "entered -2 "), (.deadlinePassed, "entered -2 run_deadline"),
        ]
        for (event, line) in stops {
            var run = try RunDriver(Self.body)
            try run.apply(.start)
            try run.fail("open")
            try run.apply(.pause)
            let effects = try run.apply(event)
            #expect(effects == ["resume", line])
            try run.succeed("close")
            #expect(run.ending?.failure != nil)
        }
    }

    @Test("pause and resume")
    func pause() throws {
        var run = try RunDriver("steps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]")
        #expect(throws: RunRejection.notStarted) { try run.apply(.pause) }
        try run.apply(.start)
        #expect(try run.apply(.pause) == ["pause"])
        #expect(throws: RunRejection.alreadyPaused) { try run.apply(.pause) }
        #expect(try run.succeed("a") == ["succeeded 0", "ready 1"])
        #expect(run.run.lifecycle == .paused)
        #expect(try run.apply(.resume) == ["resume"])
        #expect(throws: RunRejection.notPaused) { try run.apply(.resume) }
        try run.succeed("b")
        #expect(run.ending?.lifecycle == .succeeded)
    }

    @Test("an output that cannot be made fails the run")
    func output() throws {
        var run = try RunDriver("steps: [{id: a, uses: noop}]\noutput: ${{ 1 / steps.a.output.n }}")
        try run.apply(.start)
        try run.succeed("a", #"{"n": 0}"#)
        #expect(run.ending?.lifecycle == .failed && run.ending?.failure?.code == "output_invalid")
    }
}
