import Testing
import Workflows

@Suite("wait, approval, workflow, emit and deadlines")
struct WaitTests {
    private func signal(_ name: String, _ id: String, _ payload: String = "1") -> RunEvent {
        .signal(RunSignal(name: name, id: id, payload: Array(payload.utf8)))
    }

    @Test("for a time")
    func time() throws {
        var run = try RunDriver(
            "steps: [{id: w, uses: wait, with: {for: \"${{ inputs.d }}\"}}]", input: #"{"d": "90s"}"#)
        #expect(try run.apply(.start) == ["waiting 0", "wait 0 time", "due 0 1m30s"])
        #expect(throws: RunRejection.stepNotLive(.live(failures: 0))) { try run.succeed(0) }
        #expect(try run.apply(.stepDue(step: 0)) == ["end wait 0", "clear due 0", "succeeded 0", "ended succeeded"])
        #expect(throws: RunRejection.ended(.succeeded)) { try run.apply(.stepDue(step: 0)) }
    }

    @Test("until a time; one that has passed is due at once")
    func until() throws {
        var run = try RunDriver("steps: [{id: w, uses: wait, with: {until: \"2023-11-14T22:13:30Z\"}}]")
        #expect(try run.apply(.start).last == "due 0 10s")
        var past = try RunDriver("steps: [{id: w, uses: wait, with: {until: \"2001-01-01T00:00:00Z\"}}]")
        #expect(try past.apply(.start).last == "due 0 0s")
    }

    @Test(
        "a time that is none fails the step",
        arguments: [
            ("for", "soon", "bad_duration"), ("until", "soon", "bad_time"), ("for", "3", "bad_duration"),
        ])
    func badTime(key: String, text: String, code: String) throws {
        var run = try RunDriver(
            "steps: [{id: w, uses: wait, with: {\(key): \"${{ inputs.t }}\"}}]", input: #"{"t": "\#(text)"}"#)
        try run.apply(.start)
        #expect(run.ending?.failure?.code == code)
    }

    private static let signals = """
        steps:
          - {id: a, uses: wait, with: {signal: go, timeout: 1h, on_timeout: continue}}
          - {id: b, uses: wait, needs: [a], with: {signal: go}}
        """

    @Test("a signal that comes first is kept, in order, and taken once")
    func keptSignal() throws {
        var run = try RunDriver(Self.signals)
        try run.apply(signal("go", "1", "10"))
        try run.apply(signal("other", "2"))
        #expect(throws: RunRejection.repeatedSignal) { try run.apply(signal("go", "1")) }
        #expect(try run.apply(.start) == ["waiting 0", "clear due 0", "succeeded 0", "waiting 1", "wait 1 signal"])
        #expect(throws: RunRejection.repeatedSignal) { try run.apply(signal("go", "1")) }
        #expect(
            try run.apply(signal("go", "3", "30"))
                == ["signalled -1", "end wait 1", "succeeded 1", "ended succeeded"])
        #expect(run.ending?.output == "30")
    }

    @Test("no signal in time; the one after goes to the next wait")
    func timeout() throws {
        var run = try RunDriver(Self.signals)
        try run.apply(.start)
        #expect(
            try run.apply(.stepDue(step: 0)) == [
                "end wait 0", "clear due 0", "succeeded 0 wait_timeout", "waiting 1", "wait 1 signal",
            ])
        try run.apply(signal("go", "1", "5"))
        #expect(run.ending?.output == "5")
        var failing = try RunDriver("steps: [{id: a, uses: wait, with: {signal: go, timeout: 1h}}]")
        try failing.apply(.start)
        try failing.apply(.stepDue(step: 0))
        #expect(failing.ending?.failure?.code == "wait_timeout")
    }

    @Test("a run keeps only so many signals")
    func tooManySignals() throws {
        var run = RunState(plan: try RunDriver(Self.signals).run.plan)
        for id in 0..<RunSignal.mostKept {
            _ = try run.apply(signal("x", "\(id)"), at: RunDriver.now, random: 0)
        }
        #expect(throws: RunRejection.tooManySignals) {
            try run.apply(signal("x", "one more"), at: RunDriver.now, random: 0)
        }
    }

    // MARK: Approvals

    private static func approval(_ more: String = "") -> String {
        """
        steps:
          - id: ok
            uses: approval
            with:
              roles: [operator]
              quorum: 2
              timeout: 24h
              message: Ship ${{ run.workflow }}?
              form: {properties: {ticket: {type: string}, n: {type: integer, default: 1}}, required: [ticket]}
              \(more)
        """
    }

    private func decision(
        _ approver: String, _ verdict: ApprovalDecision.Verdict = .approve, form: String = #"{"ticket": "T-1"}"#
    ) -> RunEvent {
        .decided(step: 0, ApprovalDecision(approver: approver, verdict: verdict, form: Array(form.utf8)))
    }

    @Test("a quorum of different people")
    func quorum() throws {
        var run = try RunDriver(Self.approval())
        #expect(try run.apply(.start) == ["waiting 0", "wait 0 approval", "due 0 1d"])
        #expect(run.run.waits[0]?.subject == "Ship test?")
        #expect(try run.apply(decision("ada")) == ["decided 0"])
        #expect(throws: RunRejection.alreadyDecided) { try run.apply(decision("ada")) }
        #expect(throws: RunRejection.invalidForm("the input \"ticket\" is missing")) {
            try run.apply(decision("bob", form: "{}"))
        }
        #expect(
            try run.apply(decision("bob", form: #"{"ticket": "T-2"}"#))
                == ["decided 0", "end wait 0", "clear due 0", "succeeded 0", "ended succeeded"])
        let output = try #require(run.ending?.output)
        #expect(output.contains(#""form":{"ticket":"T-2","n":1}"#) && output.contains(#""approver":"ada""#))
    }

    @Test("one refusal refuses")
    func rejected() throws {
        var run = try RunDriver(Self.approval())
        try run.apply(.start)
        try run.apply(decision("ada"))
        try run.apply(decision("bob", .reject))
        #expect(run.ending?.failure?.code == "rejected")
        #expect(throws: RunRejection.ended(.failed)) { try run.apply(decision("eve")) }
    }

    @Test(
        "nobody decides in time",
        arguments: [
            ("fail", "approval_timeout", RunLifecycle.failed), ("reject", "rejected", .failed),
            ("approve", "", .succeeded),
            ("continue", "", .succeeded),
        ])
    func undecided(action: String, code: String, lifecycle: RunLifecycle) throws {
        var run = try RunDriver(Self.approval("on_timeout: \(action)"))
        try run.apply(.start)
        try run.apply(.stepDue(step: 0))
        #expect(run.ending?.lifecycle == lifecycle && (run.ending?.failure?.code ?? "") == code)
    }

    // MARK: Children

    private static let child = """
        steps:
          - id: sub
            uses: workflow
            with: {name: "team/${{ inputs.n }}", inputs: {x: "${{ 1 + 1 }}"}}
        """

    @Test("a child starts, and its output is the step's")
    func childSucceeds() throws {
        var run = try RunDriver(Self.child, input: #"{"n": "etl"}"#)
        #expect(try run.apply(.start) == ["child of 0 team/etl", "waiting 0", "wait 0 child"])
        guard case .startChild(let start)? = run.effects.first else {
            Issue.record("no child")
            return
        }
        #expect(start.run != RunDriver.id && start.run.timestamp == RunDriver.id.timestamp)
        #expect(
            start.depth == 1 && start.parent.run == RunDriver.id
                && String(decoding: start.input, as: UTF8.self) == #"{"x":2}"#)
        try run.apply(.childEnded(step: 0, .succeeded(output: Array("42".utf8))))
        #expect(run.ending?.output == "42")
    }

    @Test("a child that fails fails its step")
    func childFails() throws {
        var run = try RunDriver(Self.child, input: #"{"n": "etl"}"#)
        try run.apply(.start)
        let failure = StepFailure(kind: .invalid, code: "unknown_workflow", message: "none", retryable: true)
        try run.apply(.childEnded(step: 0, .failed(failure)))
        #expect(run.ending?.failure?.code == "unknown_workflow")
        #expect(throws: RunRejection.ended(.failed)) { try run.apply(.childEnded(step: 0, .failed(failure))) }
    }

    @Test("cancel goes on to the child, unless it is abandoned")
    func cancelsChild() throws {
        var run = try RunDriver(Self.child, input: #"{"n": "etl"}"#)
        try run.apply(.start)
        #expect(
            try run.apply(.cancel(reason: "enough")) == ["drop 1", "cancel child", "cancelled 0 ", "ended cancelled"])
        var abandoning = try RunDriver(
            "steps: [{id: s, uses: workflow, with: {name: x, on_parent_cancel: abandon}}]")
        try abandoning.apply(.start)
        #expect(try abandoning.apply(.cancel(reason: "enough")) == ["drop 1", "cancelled 0 ", "ended cancelled"])
    }

    @Test("32 levels and no more")
    func depth() throws {
        var run = try RunDriver(Self.child, input: #"{"n": "etl"}"#, depth: 31)
        try run.apply(.start)
        #expect(run.ending == nil)
        var deepest = try RunDriver(Self.child, input: #"{"n": "etl"}"#, depth: 32)
        try deepest.apply(.start)
        #expect(deepest.ending?.failure?.code == "too_deep")
    }

    @Test("emit tells and goes on")
    func emit() throws {
        var run = try RunDriver("steps: [{id: e, uses: emit, with: {name: done, payload: {n: 1}}}]")
        #expect(try run.apply(.start) == ["emit done", "succeeded 0", "ended succeeded"])
        #expect(run.ending?.output == #"{"name":"done","payload":{"n":1}}"#)
        var bad = try RunDriver("steps: [{id: e, uses: emit, with: {name: done, run: nobody}}]")
        try bad.apply(.start)
        #expect(bad.ending?.failure?.code == "bad_run")
    }

    // MARK: Deadlines

    @Test("a step's deadline ends it over all its attempts")
    func stepDeadline() throws {
        var run = try RunDriver(
            "steps: [{id: a, uses: noop, deadline: 1m, retry: {max_attempts: 9}}, {id: b, uses: noop, deadline: 2m, needs: [a]}]"
        )
        #expect(try run.apply(.start) == ["due 0 1m", "ready 0"])
        try run.fail(0, retryable: true)
        #expect(
            try run.apply(.stepDue(step: 0)) == [
                "clear due 0", "drop [0]", "clear due 0", "failed 0 step_deadline", "skipped 1 upstream_failed",
                "ended failed",
            ])
        var well = try RunDriver("steps: [{id: a, uses: noop, deadline: 1m}]")
        try well.apply(.start)
        #expect(try well.succeed("a") == ["clear due 0", "succeeded 0", "ended succeeded"])
    }

    @Test("the deadline of a for_each stops its items, and may be handled")
    func fanOutDeadline() throws {
        var run = try RunDriver(
            """
            steps: [{id: a, uses: noop, deadline: 1m, for_each: [1, 2, 3], max_parallel: 2}]
            on_failure: [{match: {error: step_deadline}, recover: late}]
            """)
        #expect(try run.apply(.start) == ["due 0 1m", "expanded 0", "ready 1", "ready 2"])
        try run.succeed(1)
        #expect(try run.apply(.stepDue(step: 0)).contains("drop [2, 3]"))
        #expect(run.ending?.output == #""late""#)
    }
}
