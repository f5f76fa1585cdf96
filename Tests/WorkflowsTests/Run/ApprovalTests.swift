import Testing
import Workflows

@Suite("Approvals that remind, escalate and are handed on")
struct ApprovalTests {
    private func approval(_ with: String) throws -> RunDriver {
        try RunDriver("steps: [{ id: ok, uses: approval, with: { \(with) } }]")
    }

    private func vote(_ approver: String, _ verdict: ApprovalDecision.Verdict = .approve) -> RunEvent {
        .decided(step: 0, ApprovalDecision(approver: approver, verdict: verdict))
    }

    private func handOn(_ approver: String, to delegate: String) -> RunEvent {
        .decided(step: 0, ApprovalDecision(approver: approver, delegate: delegate))
    }

    @Test("a reminder, more people, another reminder, the end: each once, and in time")
    func stages() throws {
        var run = try approval(
            "roles: [ops], reminder: 4h, escalation: { after: 6h, roles: [boss] }, timeout: 10h, on_timeout: reject")
        #expect(try run.apply(.start) == ["waiting 0", "wait 0 approval", "due 0 4h"])
        #expect(run.run.approvers(of: 0) == Approvers(roles: ["ops"]))
        #expect(throws: RunRejection.tooEarly) { try run.apply(.stepDue(step: 0), after: .seconds(3600)) }
        #expect(try run.apply(.stepDue(step: 0), after: .seconds(4 * 3600)) == ["waiting 0", "put off 0 2h"])
        // The same time, told twice.
        #expect(throws: RunRejection.tooEarly) { try run.apply(.stepDue(step: 0), after: .seconds(4 * 3600 + 1)) }
        #expect(run.run.approvers(of: 0) == Approvers(roles: ["ops"]))
        #expect(try run.apply(.stepDue(step: 0), after: .seconds(6 * 3600)) == ["waiting 0", "put off 0 2h"])
        #expect(run.run.approvers(of: 0) == Approvers(roles: ["ops", "boss"]))
        #expect(try run.apply(.stepDue(step: 0), after: .seconds(8 * 3600)) == ["waiting 0", "put off 0 2h"])
        let end = try run.apply(.stepDue(step: 0), after: .seconds(10 * 3600))
        #expect(end == ["end wait 0", "clear due 0", "failed 0 rejected", "ended failed"])
    }

    @Test("a clock that is a little behind passes a stage all the same")
    func clocks() throws {
        var run = try approval("reminder: 10s, timeout: 1m")
        try run.apply(.start)
        #expect(try run.apply(.stepDue(step: 0), after: .milliseconds(9_800)) == ["waiting 0", "put off 0 10s"])
    }

    @Test("an approval without an end reminds a hundred times, and waits on")
    func manyReminders() throws {
        var run = try approval("reminder: 1m")
        try run.apply(.start)
        for count in 1...99 {
            #expect(try run.apply(.stepDue(step: 0), after: .seconds(60 * count)) == ["waiting 0", "put off 0 1m"])
        }
        #expect(try run.apply(.stepDue(step: 0), after: .seconds(6000)) == ["waiting 0", "clear due 0"])
        #expect(throws: RunRejection.notWaiting) { try run.apply(.stepDue(step: 0), after: .seconds(6060)) }
        #expect(try run.apply(vote("ada")).last == "ended succeeded")
    }

    @Test("decisions end an approval at any stage, with what it is due for")
    func decisions() throws {
        var run = try approval("quorum: 2, reminder: 1h")
        try run.apply(.start)
        try run.apply(vote("ada"))
        try run.apply(.stepDue(step: 0), after: .seconds(3600))
        let end = try run.apply(vote("bob"), after: .seconds(4000))
        #expect(end == ["decided 0", "end wait 0", "clear due 0", "succeeded 0", "ended succeeded"])
    }

    @Test("who hands it on decides no more; who is asked may, whatever their roles; the quorum counts approvals only")
    func delegation() throws {
        var run = try approval("roles: [ops], quorum: 2")
        try run.apply(.start)
        #expect(try run.apply(handOn("ada", to: "bob")) == ["decided 0"])
        #expect(run.run.approvers(of: 0) == Approvers(roles: ["ops"], delegates: ["bob"]))
        #expect(throws: RunRejection.alreadyDecided) { try run.apply(vote("ada")) }
        #expect(throws: RunRejection.invalidDelegate) { try run.apply(handOn("eve", to: "bob")) }
        #expect(throws: RunRejection.invalidDelegate) { try run.apply(handOn("eve", to: "ada")) }
        #expect(throws: RunRejection.invalidDelegate) { try run.apply(handOn("eve", to: "eve")) }
        #expect(try run.apply(handOn("bob", to: "eve")) == ["decided 0"])
        #expect(try run.apply(vote("eve")) == ["decided 0"])
        #expect(try run.apply(vote("kim")).last == "ended succeeded")
        #expect(run.ending?.output?.contains(#""delegate":"bob""#) == true)
    }

    @Test("who may decide")
    func approvers() {
        let some = Approvers(roles: ["ops"], delegates: ["bob"])
        #expect(some.include("ada", roles: ["ops", "dev"]) && some.include("bob", roles: [String]()))
        #expect(!some.include("eve", roles: ["dev"]))
        #expect(Approvers(roles: []).include("eve", roles: [String]()))
    }

    @Test("stages of one time: more people first, and nothing after the timeout")
    func order() {
        func stages(_ rule: ApprovalRule) -> [String] { rule.stages.map { "\($0.stage) \($0.after.shortText)" } }
        let boss = ApprovalRule.Escalation(after: .seconds(20), roles: ["boss"])
        #expect(
            stages(ApprovalRule(timeout: .seconds(30), reminder: .seconds(10), escalation: boss))
                == ["reminder 10s", "escalation 20s", "reminder 20s", "timeout 30s"])
        #expect(
            stages(ApprovalRule(timeout: .seconds(10), reminder: .seconds(10), escalation: boss)) == ["timeout 10s"])
        #expect(stages(ApprovalRule()).isEmpty)
        #expect(stages(ApprovalRule(escalation: boss)) == ["escalation 20s"])
    }

    @Test(
        "what is refused",
        arguments: [
            ("timeout: 1h, reminder: 2h", "reminder comes after the timeout of 1h"),
            ("roles: [a], timeout: 1h, escalation: { after: 1h, roles: [b] }", "escalation comes after the timeout"),
            ("roles: [a], escalation: { roles: [b] }", "escalation has no \"after\""),
            ("roles: [a], escalation: { after: 1h }", "escalation has no \"roles\""),
            ("roles: [a], escalation: { after: 1h, roles: [] }", "names no roles"),
            ("escalation: { after: 1h, roles: [b] }", "is for approvals with roles"), ("reminder: often", "reminder"),
        ])
    func refusals(with: String, problem: String) {
        do {
            _ = try approval(with)
            Issue.record("accepted")
        } catch { #expect("\(error)".contains(problem), "\(error)") }
    }
}
