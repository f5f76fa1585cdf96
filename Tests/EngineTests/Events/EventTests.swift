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

    private func row(_ number: UInt64, run: UInt64 = 1, bytes: Int = 100) -> EventChanges {
        let position = EventPosition(epoch: 1, transaction: number, tenant: fixture.tenant)
        return EventChanges(
            position: position,
            changes: [
                .init(
                    run: RunID(RunID.Bytes(high: 0, low: run)), json: Array(repeating: UInt8(ascii: "x"), count: bytes),
                    position: position)
            ])
    }

    @Test("rows that come together are joined up to a size; a reader may come back within a page")
    func joins() {
        let rows = (1...10).map { row($0, bytes: $0 == 7 ? 2000 : 100) }
        let pages = EventChanges.joined(rows, bytes: 500)
        #expect(pages.map { $0.changes.map(\.position.transaction) } == [[1, 2, 3], [4, 5, 6], [7], [8, 9, 10]])
        #expect(pages.map(\.position.transaction) == [3, 6, 7, 10])
        #expect(EventChanges.joined([], bytes: 500).isEmpty)
        let page = pages[0]
        #expect(page.changes(after: nil).count == 3 && page.changes(after: rows[8].position).isEmpty)
        #expect(page.changes(after: rows[1].position).map(\.position.transaction) == [3])
    }

    private func position(_ found: EventFeed.Found) -> UInt64? {
        switch found {
        case .row(let row): row.position.transaction
        case .gap, .nothing: nil
        }
    }

    private func gap(_ found: EventFeed.Found) -> UInt64? {
        switch found {
        case .gap(let position): position.transaction
        case .row, .nothing: nil
        }
    }

    @Test("readers of a feed have each their own place; one that falls behind is told where to go on")
    func slowReader() {
        let feed = EventFeed(limits: .init(rows: 10, bytes: 1 << 20))
        feed.open(1)
        feed.open(2)
        feed.publish([row(1), row(2)])
        #expect(position(feed.next(for: 1)) == 1)
        #expect(position(feed.next(for: 1)) == 2)
        #expect(position(feed.next(for: 1)) == nil)
        feed.publish((3...11).map { row($0) })
        #expect(position(feed.next(for: 1)) == 3, "ten rows are kept, and it is only nine behind")
        #expect(gap(feed.next(for: 2)) == 11, "it missed the first row")
        #expect(position(feed.next(for: 2)) == nil)
        feed.publish([row(12)])
        #expect(position(feed.next(for: 2)) == 12)
    }

    @Test("a feed keeps no more bytes than its limit, and always the newest row")
    func feedBytes() {
        let feed = EventFeed(limits: .init(rows: 100, bytes: 1000))
        feed.open(1)
        feed.publish((1...5).map { row($0, bytes: 400) })
        #expect(gap(feed.next(for: 1)) == 5)
        feed.publish([row(6, bytes: 5000)])
        #expect(position(feed.next(for: 1)) == 6)
    }

    @Test("a gap in the log reaches every reader, and a later one not")
    func feedGap() {
        let feed = EventFeed(limits: .init(rows: 10, bytes: 1 << 20))
        feed.open(1)
        feed.skip(to: row(7).position)
        feed.open(2)
        feed.publish([row(8)])
        #expect(gap(feed.next(for: 1)) == 8, "everything up to the newest row must be read again")
        #expect(position(feed.next(for: 2)) == 8)
    }

    @Test("a reader of one run sleeps through the others' events and does not fall behind by them")
    func sleepsThrough() async {
        let feed = EventFeed(limits: .init(rows: 4, bytes: 1 << 20))
        feed.open(1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await feed.wait(1, run: RunID(RunID.Bytes(high: 0, low: 5))) }
            while !feed.isWaitedFor { await Task.yield() }
            for number in 1...20 { feed.publish([row(UInt64(number))]) }
            #expect(feed.isWaitedFor)
            feed.publish([row(21, run: 5)])
        }
        #expect(position(feed.next(for: 1)) == 21)
    }

    /// When each change came, until the subscription is closed.
    private func note(_ subscription: EventSubscription, in delivered: SharedValue<[Duration]>) async throws {
        while let delivery = try await subscription.next() {
            guard case .changes(let changes, _) = delivery else { continue }
            delivered.withLock { $0 += changes.map { _ in fixture.clock.now } }
        }
    }

    @Test("a paced reader is woken at once after a quiet time, then not before its pace allows")
    func pace() async throws {
        let engine = try await fixture.makeEngine()
        let subscription = engine.events.subscribe(tenant: fixture.tenant, pace: .milliseconds(50))
        let delivered = SharedValue<[Duration]>([])
        try await fixture.running(engine) {
            #expect(await fixture.clock.advance(until: { engine.isTailing }))
            async let reading: Void = note(subscription, in: delivered)
            for _ in 0..<20 {
                _ = try await engine.start(fixture.start("team/single"))
                _ = await fixture.clock.advance(until: { false }, step: .milliseconds(5), limit: .milliseconds(10))
            }
            #expect(await fixture.clock.advance(until: { delivered.value.count == 20 }, step: .milliseconds(5)))
            subscription.close()
            try await reading
            let times = Set(delivered.value).sorted()
            #expect(times.count > 1)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier >= .milliseconds(50)) }
        }
    }
}
