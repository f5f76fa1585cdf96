import TestSupport
import Testing
import Workflows

@testable import Engine

@Suite("Events", .timeLimit(.minutes(1)))
struct EventTests {
    static let single = Plan(name: "team/single", steps: [PlanStep(id: "only", taskType: "noop")])
    let fixture: EngineFixture

    init() async throws { fixture = try await EngineFixture(plans: [Self.single]) }

    private func texts(_ delivery: EventDelivery?) -> [String] {
        guard case .changes(let changes, _)? = delivery else { return [] }
        return changes.map { String(decoding: $0.json, as: UTF8.self) }
    }

    private func position(_ delivery: EventDelivery?) -> EventPosition? {
        switch delivery {
        case .changes(_, let position), .resync(let position): position
        case nil: nil
        }
    }

    @Test("a fragment reads back as it was written, spaces allowed")
    func fragment() {
        let run = RunID(RunID.Bytes(high: 0x0192_0000_0000_7000, low: 0x8000_0000_0000_0001))
        let fragment = EventFragment(
            run: run, revision: 3, state: .timedOut, flow: FlowVersionID(9),
            steps: [.init(step: 0, state: .succeeded, attempt: 2), .init(step: 1, state: .ready, attempt: 0)])
        let text = "[" + String(decoding: fragment.json, as: UTF8.self) + "]"
        let read = EventFragment.parse(Array(text.replacing(",", with: ", ").utf8))?.first
        #expect(read?.run == run && read?.revision == 3 && read?.state == .timedOut)
        #expect(read?.flow == FlowVersionID(9))
        #expect(read?.steps.map(\.step) == [0, 1])
        #expect(read?.steps.map(\.state) == [.succeeded, .ready])
        for broken in ["", "[", "{}", "[{}]", text + "x", #"[{"r":"nonsense","t":[]}]"#] {
            #expect(EventFragment.parse(Array(broken.utf8)) == nil, "\(broken)")
        }
    }

    @Test("a reader sees a run go by, with names; a reader of another run or tenant does not")
    func follows() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .finish(.success(Array("{}".utf8))) }
        try await fixture.running(engine) {
            // The tail must know where the log ends before anything happens.
            #expect(await fixture.clock.advance(until: { engine.isTailing }))
            let all = engine.events.subscribe(tenant: fixture.tenant)
            let stranger = engine.events.subscribe(tenant: TenantID(77))
            let other = engine.events.subscribe(tenant: fixture.tenant, run: RunID(RunID.Bytes(high: 1, low: 1)))
            let started = try await engine.start(fixture.start("team/single"))
            let text = try await withThrowingTaskGroup(of: [String].self) { group in
                group.addTask { texts(try await all.next()) }
                group.addTask {
                    await fixture.clock.drive()
                    return []
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
            #expect(text.count == 1)
            #expect(
                text[0].hasPrefix(#"{"run":"\#(started.run)","workflow":"team\/single","state":"running","#)
                    || text[0].hasPrefix(#"{"run":"\#(started.run)","workflow":"team/single","state":"running","#))
            #expect(text[0].contains(#""steps":[{"index":0,"id":"only","state":"ready","attempt":0}]"#))
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(started)
            #expect(await fixture.clock.advance(until: { fixture.store.runStates[key] == .succeeded }))
            stranger.close()
            other.close()
            #expect(try await stranger.next() == nil)
            #expect(try await other.next() == nil)
        }
    }

    @Test("a reader that comes back with a position misses nothing, over a restart too")
    func resumes() async throws {
        let first = try await fixture.makeEngine()
        let before = try await fixture.store.readEvents(after: nil, limit: 1).position
        var runs: [RunID] = []
        runs += try await fixture.running(first) {
            var runs: [RunID] = []
            for _ in 0..<3 { runs.append(try await first.start(fixture.start("team/single")).run) }
            return runs
        }
        let second = try await fixture.makeEngine()
        let subscription = second.events.subscribe(tenant: fixture.tenant, after: before)
        var seen: [String] = []
        for _ in 0..<3 { seen += texts(try await subscription.next()) }
        #expect(seen.count == 3)
        for (run, text) in zip(runs, seen) { #expect(text.contains(run.description)) }
    }

    @Test("a position of another database is answered with resync")
    func gap() async throws {
        let engine = try await fixture.makeEngine()
        let stranger = EventPosition(epoch: 9, transaction: 1, tenant: fixture.tenant)
        let subscription = engine.events.subscribe(tenant: fixture.tenant, after: stranger)
        guard case .resync? = try await subscription.next() else {
            return #expect(Bool(false), "no resync")
        }
    }

    @Test("a reader that does not read holds a bounded buffer and is told to resynchronise")
    func slowReader() async throws {
        let engine = try await fixture.makeEngine()
        let subscription = engine.events.subscribe(tenant: fixture.tenant)
        let json = Array(repeating: UInt8(ascii: "x"), count: 100)
        for number in 1...UInt64(1_000) {
            subscription.publish(
                EventChanges(
                    position: EventPosition(epoch: 1, transaction: number, tenant: fixture.tenant),
                    changes: [.init(run: RunID(RunID.Bytes(high: 0, low: number)), json: json)]))
        }
        let delivery = try await subscription.next()
        guard case .resync(let position)? = delivery else { return #expect(Bool(false), "no resync") }
        #expect(position.transaction == 1_000)
    }
}
