import Engine
import TestSupport
import Testing
import Workflows

/// Dead letters, redrives and reruns through the whole engine in virtual time.
@Suite("Failures in the engine", .timeLimit(.minutes(1)))
struct FailureTests {
    private let fixture: EngineFixture

    private static let definitions = [
        """
        name: chain
        steps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a], with: {x: "${{ inputs.x }}"}}]
        finally: [{id: f, uses: noop}]
        output: ${{ steps.b.output }}
        """,
        "name: each\nsteps: [{id: e, uses: noop, for_each: [1, 2, 3], with: {i: \"${{ item }}\"}}]",
        "name: parent\nsteps: [{id: sub, uses: workflow, with: {name: child}}]",
        "name: child\nsteps: [{id: c, uses: noop}]",
        "name: mended\nsteps: [{id: a, uses: noop}]\non_failure: [{recover: 1}]",
        "name: limited\nconcurrency: {limit: 1}\nsteps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]",
    ]

    init() async throws {
        let plans = try Self.definitions.map { try Workflow(parsing: Array($0.utf8), file: "test.yaml").plan }
        fixture = try await EngineFixture(plans: plans)
    }

    private static let failure = StepFailure(kind: .error, code: "exit_1", message: "boom", retryable: false)

    private func running(
        _ behaviour: @escaping TestWorker.Behaviour,
        _ body: @Sendable @escaping (Engine, TestWorker) async throws -> Void
    ) async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1, behaviour: behaviour)
        try await fixture.running(engine) {
            try await worker.connect(
                to: engine, tenant: fixture.tenant,
                pools: [.init(name: "cpu", slots: 50), .init(name: "io", slots: 50)])
            try await body(engine, worker)
        }
        #expect(fixture.audit() == [])
    }

    private func ends(_ key: RunKey, _ state: RunLifecycle, _ worker: TestWorker) async -> Bool {
        await fixture.clock.advance(until: {
            worker.heartbeat()
            return fixture.store.runStates[key] == state
        })
    }

    /// Fails the named steps in the first generation.
    private static func failing(_ steps: Set<String>) -> TestWorker.Behaviour {
        { task in
            let name = task.task.step.split(separator: ":")[0]
            return task.fence.attempt < 1000 && steps.contains(String(name))
                ? .finish(.failure(failure)) : .finish(.success(task.input))
        }
    }

    @Test("a failed step leaves a letter; the run is redriven with another input, once, and ends well")
    func redrive() async throws {
        try await running(Self.failing(["b"])) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("chain", input: #"{"x":1}"#)))
            #expect(await ends(key, .failed, worker))
            let letter = try #require(fixture.store.deadLetters.first)
            #expect(fixture.store.deadLetters.count == 1)
            #expect(letter.row.name == "b" && letter.row.attempt == 1 && letter.row.generation == 0)
            #expect(letter.row.input.map { String(decoding: $0, as: UTF8.self) } == #"{"x":1}"#)
            #expect(letter.row.failure.code == "exit_1" && letter.row.timing.worker == "worker")
            #expect(letter.row.timing.leasedAt != nil && !letter.row.isChild)

            await #expect(throws: EngineError.self) {
                try await engine.redrive(key, inputs: ["none": Array("{}".utf8)], by: "ada")
            }
            await #expect(throws: EngineError.self, "the chain is as long as it may be") {
                try await engine.redrive(key, mostReplays: 0, by: "ada")
            }
            try await engine.redrive(key, generation: 0, inputs: ["b": Array(#"{"x":2}"#.utf8)], by: "ada")
            let again = await #expect(throws: EngineError.self) {
                try await engine.redrive(key, generation: 0, by: "bob")
            }
            #expect(again?.code == .conflict)
            #expect(await ends(key, .succeeded, worker))
            #expect(fixture.store.deadLetters.map(\.redrivenBy) == ["ada"])
            let record = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first
            #expect(record?.ending?.output.map { String(decoding: $0, as: UTF8.self) } == #"{"x":2}"#)
            let tasks = worker.assignments.map { "\($0.task.step) \($0.fence.attempt)" }
            #expect(tasks == ["a 1", "b 1", "f 1", "b 1001", "f 1001"])
        }
    }

    @Test("each failed item has a letter, the step that they fail has none; what is recovered has none")
    func items() async throws {
        try await running(Self.failing(["e", "a"])) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("each")))
            let mended = fixture.key(try await engine.start(fixture.start("mended")))
            #expect(await ends(key, .failed, worker))
            #expect(await ends(mended, .succeeded, worker))
            #expect(fixture.store.deadLetters.map(\.row.name).sorted() == ["e:1", "e:2", "e:3"])
            try await engine.redrive(key, inputs: ["e:2": Array(#"{"i":7}"#.utf8)], by: "ada")
            #expect(await ends(key, .succeeded, worker))
            let record = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first
            #expect(
                record?.ending?.output.map { String(decoding: $0, as: UTF8.self) } == #"[{"i":1},{"i":7},{"i":3}]"#)
        }
    }

    @Test("a redriven parent starts another child; a redriven child does not tell its parent once more")
    func children() async throws {
        try await running(Self.failing(["c"])) { engine, worker in
            let parent = fixture.key(try await engine.start(fixture.start("parent")))
            #expect(await ends(parent, .failed, worker))
            let letters = fixture.store.deadLetters
            let child = try #require(letters.first { $0.row.isChild }).row.key
            #expect(letters.count == 2)
            try await engine.redrive(child, by: "ada")
            #expect(await ends(child, .succeeded, worker))
            #expect(fixture.store.runStates[parent] == .failed)
            #expect(fixture.store.inboxCount == 0)
            try await engine.redrive(parent, by: "ada")
            #expect(await fixture.clock.advance(until: { fixture.store.runStates.count == 3 }))
            // The new child's first attempt has number 1 and fails too.
            #expect(await ends(parent, .failed, worker))
        }
    }

    @Test("a rerun is a new run with a link: whole, or of what has not succeeded; also where runs are limited")
    func rerun() async throws {
        try await running(Self.failing(["b"])) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("limited")))
            #expect(await ends(key, .failed, worker))
            let part = fixture.key(
                try await engine.rerun(
                    RerunCommand(key: key, scope: .step("b", input: Array(#"{"y":1}"#.utf8)))))
            #expect(fixture.store.origin(of: part) == key.run)
            #expect(await ends(part, .failed, worker))
            let tasks = worker.assignments.filter { $0.fence.key == part }
            #expect(tasks.map(\.task.step) == ["b"], "a is taken over")
            #expect(tasks.map { String(decoding: $0.input, as: UTF8.self) } == [#"{"y":1}"#])
            let whole = fixture.key(try await engine.rerun(RerunCommand(key: part)))
            #expect(await ends(whole, .failed, worker))
            #expect(worker.assignments.filter { $0.fence.key == whole }.map(\.task.step) == ["a", "b"])
            let unknown = await #expect(throws: EngineError.self) {
                try await engine.rerun(RerunCommand(key: key, scope: .step("nothing")))
            }
            #expect(unknown?.code == .stepNotFound)
        }
    }
}
