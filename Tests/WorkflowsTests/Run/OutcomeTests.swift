import Testing
import Workflows

@Suite("Steps that take the outcome of others")
struct OutcomeTests {
    private static let other = RunID(at: RunDriver.now, random: RunID.Bytes(high: 1, low: 2))

    private func found(_ output: String) -> OutcomeAnswer { .found(output: Array(output.utf8), run: Self.other) }

    private func settlement(_ run: RunDriver) -> OutcomeSettlement? {
        run.effects.compactMap { if case .settleOutcome(let settlement) = $0 { settlement } else { nil } }.first
    }

    private func keys(_ run: RunDriver) -> [String] {
        run.effects.compactMap { if case .seek(let request) = $0 { request.key } else { nil } }
    }

    private static func cached(_ cache: String, with: String = "{ x: 1 }", name: String = "test") throws -> Plan {
        let text = "name: \(name)\nsteps: [{ id: a, uses: noop, cache: \(cache), with: \(with) }]\n"
        return try Workflow(parsing: Array(text.utf8), file: "test.yaml").plan
    }

    @Test("a hit ends the step without a worker, and says whose output it is")
    func hit() throws {
        var run = RunDriver(try Self.cached("1h"))
        #expect(try run.apply(.start) == ["waiting 0", "wait 0 outcome", "seek 0"])
        #expect(throws: RunRejection.stepNotLive(.live(failures: 0))) { try run.succeed("a") }
        let effects = try run.apply(.outcome(step: 0, found("[7]")))
        #expect(effects == ["end wait 0", "succeeded 0 cached", "ended succeeded"])
        #expect(run.ending?.output == "[7]")
        #expect(run.history.last?.failure?.message == "the output is that of run \(Self.other)")
    }

    @Test("a miss runs the step, and its output is left")
    func miss() throws {
        var run = RunDriver(try Self.cached("1h"))
        try run.apply(.start)
        #expect(try run.apply(.outcome(step: 0, .missing)) == ["end wait 0", "ready 0", "ready 0"])
        #expect(throws: RunRejection.notWaiting) { try run.apply(.outcome(step: 0, .missing)) }
        #expect(try run.succeed("a", "[8]") == ["succeeded 0", "leave 0", "ended succeeded"])
        #expect(settlement(run)?.success == .init(output: Array("[8]".utf8), lifetime: .seconds(3600)))
    }

    @Test("a failure leaves nothing in a cache, and frees an idempotency key; a retry holds it")
    func failure() throws {
        var cached = RunDriver(try Self.cached("1h"))
        try cached.apply(.start)
        try cached.apply(.outcome(step: 0, .missing))
        #expect(try cached.fail("a") == ["failed 0 ", "ended failed"])
        var keyed = try RunDriver(
            "steps: [{ id: a, uses: noop, retry: { max_attempts: 2 }, idempotency: { key: order-1 } }]")
        try keyed.apply(.start)
        try keyed.apply(.outcome(step: 0, .missing))
        #expect(try keyed.fail(0, retryable: true) == ["scheduled 0 ", "retry 0"])
        #expect(try keyed.fail(0, retryable: true, attempt: 2) == ["failed 0 ", "free 0", "ended failed"])
        #expect(settlement(keyed)?.success == nil && settlement(keyed)?.purpose == .idempotency)
    }

    @Test("a cancel frees the key, whether the step runs or still looks", arguments: [true, false])
    func cancel(runs: Bool) throws {
        var run = try RunDriver("steps: [{ id: a, uses: noop, idempotency: { key: order-1 } }]")
        try run.apply(.start)
        if runs { try run.apply(.outcome(step: 0, .missing)) }
        #expect(try run.apply(.cancel(reason: "enough")) == ["drop 1", "cancelled 0 ", "free 0", "ended cancelled"])
    }

    @Test("what is taken from others is not left again")
    func taken() throws {
        var run = try RunDriver("steps: [{ id: a, uses: noop, idempotency: { key: order-1 } }]")
        try run.apply(.start)
        let effects = try run.apply(.outcome(step: 0, found("1")))
        #expect(effects == ["end wait 0", "succeeded 0 idempotent", "ended succeeded"])
    }

    @Test("a handler frees the key of the step that it mends")
    func handled() throws {
        var run = try RunDriver(
            """
            steps: [{ id: a, uses: noop, idempotency: { key: k } }]
            on_failure: [{ match: { step: a }, recover: mended }]
            """)
        try run.apply(.start)
        try run.apply(.outcome(step: 0, .missing))
        #expect(try run.fail("a").prefix(2) == ["expanded 0 ", "free 0"])
        #expect(run.run.outcomeKeys.isEmpty && run.ending?.lifecycle == .succeeded)
    }

    @Test("without a key there is nothing to look for")
    func null() throws {
        var run = try RunDriver("steps: [{ id: a, uses: noop, idempotency: { key: \"${{ null }}\" } }]")
        #expect(try run.apply(.start) == ["ready 0"])
        #expect(try run.succeed("a") == ["succeeded 0", "ended succeeded"])
    }

    @Test("a key that cannot be made fails the step")
    func broken() throws {
        var run = try RunDriver("steps: [{ id: a, uses: noop, idempotency: { key: \"${{ 1 / 0 }}\" } }]")
        try run.apply(.start)
        #expect(run.ending?.failure?.code == "expression_failed")
    }

    @Test("each item has a key of its own, and a paused run's step waits for its turn")
    func items() throws {
        var run = try RunDriver(
            #"steps: [{ id: a, uses: noop, for_each: "${{ [1, 2] }}", cache: 1m, with: { i: "${{ item }}" } }]"#)
        try run.apply(.start)
        #expect(Set(keys(run)).count == 2 && run.run.outcomeKeys.count == 2)
        try run.apply(.pause)
        #expect(try run.apply(.outcome(step: 1, .missing)) == ["end wait 1", "ready 1", "ready 1"])
        try run.apply(.resume)
        try run.apply(.outcome(step: 2, found("20")))
        try run.succeed(1, "10")
        #expect(run.ending?.output == "[10,20]")
    }

    @Test("who shares what: inputs, the definition, or what the key says")
    func sharing() throws {
        func key(_ plan: Plan) throws -> String {
            var run = RunDriver(plan)
            try run.apply(.start)
            return try #require(keys(run).first)
        }
        let plain = try key(Self.cached("1h"))
        #expect(try key(Self.cached("1h")) == plain)
        #expect(try key(Self.cached("1h", with: "{ x: 2 }")) != plain)
        #expect(try key(Self.cached("2h")) != plain, "another definition")
        #expect(try key(Self.cached("1h", name: "other")) != plain)
        let keyed = try key(Self.cached("{ ttl: 1h, key: k }"))
        #expect(try key(Self.cached("{ ttl: 2h, key: k }", with: "{ x: 2 }")) == keyed)
        #expect(try key(Self.cached("{ ttl: 1h, key: k }", name: "other")) != keyed)
        let shared = try key(Self.cached("{ ttl: 1h, key: k, scope: tenant }"))
        #expect(try key(Self.cached("{ ttl: 1h, key: k, scope: tenant }", name: "other")) == shared)
        #expect(shared != keyed)
    }

    @Test("a step that reads secrets is not cached, unless it asks for it")
    func secrets() throws {
        let with = "{ token: \"${{ secrets.API }}\" }"
        #expect(try Self.cached("1h", with: with).steps[0].outcome == nil)
        #expect(try Self.cached("{ ttl: 1h, secrets: true }", with: with).steps[0].outcome?.purpose == .cache)
        #expect(try Self.cached("1h").steps[0].outcome?.purpose == .cache)
    }

    @Test("what stands in definitions comes back from the canonical form")
    func canonical() throws {
        let text = """
            name: w
            steps:
              - { id: a, uses: noop, cache: 90s }
              - { id: b, uses: noop, cache: { ttl: 1h, key: k, scope: tenant, secrets: true } }
              - { id: c, uses: noop, idempotency: { key: k } }
            """
        let definition = try Workflow(parsing: Array(text.utf8), file: "w.yaml").definition
        #expect(definition.steps[0].cache == StepCache(lifetime: .seconds(90)))
        #expect(
            definition.steps[1].cache
                == StepCache(lifetime: .seconds(3600), key: "k", scope: .tenant, takesSecrets: true))
        #expect(definition.steps[2].idempotency == StepIdempotency(key: "k"))
        #expect(try Workflow(canonical: definition.canonical).definition == definition)
    }

    @Test(
        "what is refused",
        arguments: [
            ("cache: soon", "is no duration"), ("cache: 5", "must be a duration"), ("cache: 1000d", "366 days"),
            ("cache: {}", "has no \"ttl\""), ("cache: { ttl: 1h, for: 3 }", "unknown key \"for\""),
            ("cache: { ttl: 1h, scope: tenant }", "scope is of a key"),
            ("cache: { ttl: 1h, secrets: maybe }", "must be true or false"),
            ("idempotency: {}", "has no \"key\""), ("idempotency: { key: \"\" }", "key is empty"),
            ("idempotency: { key: \"${{ steps.b }}\" }", "there is no step \"b\""),
            ("cache: 1h, idempotency: { key: k }", "not both"), ("uses: wait, cache: 1h", "\"cache\""),
        ])
    func refusals(text: String, problem: String) throws {
        let uses = text.hasPrefix("uses") ? "" : "uses: noop, "
        let with = text.hasPrefix("uses") ? ", with: { for: 1s }" : ""
        let source = "name: w\nsteps: [{ id: a, \(uses)\(text)\(with) }]\n"
        do {
            _ = try Workflow(parsing: Array(source.utf8), file: "w.yaml")
            Issue.record("accepted")
        } catch { #expect(error.rendered.contains(problem), "\(error.rendered)") }
    }
}
