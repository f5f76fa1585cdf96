internal import Engine
internal import Workflows

extension StoreConformance {
    private static let rule = BreakerRule(
        failures: 2, window: .seconds(3600), pause: .milliseconds(10), probes: 2)

    private static func failed(
        _ fixture: StoreFixture, _ task: LeasedTask, of breaker: LimitID, _ name: String,
        terms: BreakerOutcome.Terms? = nil, isFailure: Bool = true, revision: Int64 = 1
    ) async throws -> CommitOutcome {
        var batch = fixture.finishBatch(task.fence, revision: revision)
        if terms != nil {
            batch.releases = [LimitRelease(key: task.fence.key, step: task.fence.step, limit: breaker)]
        }
        batch.outcomes = [
            BreakerOutcome(
                key: task.fence.key, breaker: breaker, name: name, terms: terms,
                outcome: .init(isFailure: isFailure, leasedAt: task.leasedAt))
        ]
        return try await fixture.store.commit(batch)
    }

    private static func record(_ fixture: StoreFixture, _ id: LimitID) async throws -> BreakerRecord {
        try unwrap(try await fixture.store.breakers(tenant: fixture.tenant).first { $0.id == id })
    }

    /// Waits, by the store's clock, until an open breaker is half-open.
    private static func halfOpen(_ fixture: StoreFixture, _ id: LimitID) async throws -> BreakerPass {
        var pass = BreakerPass()
        for _ in 0..<10_000 {
            let next = try await fixture.store.advanceBreakers(limit: 100)
            pass.admissions.ready += next.admissions.ready
            pass.opened += next.opened
            if case .halfOpen = try await record(fixture, id).breaker.phase { return pass }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw Unmet(description: "the breaker stays open")
    }

    private static func starts(
        _ fixture: StoreFixture, _ count: Int, line: Limit?
    ) async throws -> (keys: [RunKey], outcome: CommitOutcome) {
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for _ in 0..<count {
            let key = try await fixture.makeKey()
            batch.starts.append(fixture.start(key))
            if let line {
                batch.held.append(HeldRow(token: fixture.ready(key), limit: line))
            } else {
                batch.ready.append(fixture.ready(key))
            }
            keys.append(key)
        }
        return (keys, try await fixture.store.commit(batch))
    }

    /// Closed it lets all through; open it holds them, those too that were ready; half-open it lets in as many as may
    /// probe; their success lets all go on.
    static func breakerOfTarget(_ fixture: StoreFixture) async throws {
        let name = "host"
        let id = LimitID(tenant: fixture.tenant, breaker: .target, name: name)
        let line = Limit.breaker(tenant: fixture.tenant, name: name)
        let terms = BreakerOutcome.Terms(rule: rule, flow: fixture.flow)
        let (_, started) = try await starts(fixture, 8, line: line)
        try expectEqual(started.admissions.count, 8)
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 8)
        let tasks = try await fixture.claim(Array(slots.prefix(4)))
        _ = try await failed(fixture, tasks[0], of: id, name, terms: terms)
        try expectEqual(try await record(fixture, id).breaker.window.failures, 1)
        let tripped = try await failed(fixture, tasks[1], of: id, name, terms: terms)
        try expectEqual(tripped.breakersChanged, false, "nodes need not know of targets")
        guard case .open = try await record(fixture, id).breaker.phase else { throw Unmet(description: "not open") }
        try expectEqual(try await fixture.claim(slots).count, 0, "those that were ready are held")
        let (late, refused) = try await starts(fixture, 1, line: line)
        try expectEqual(refused.admissions.count, 0)
        guard case .stopped(let evidence)? = try await fixture.store.evidence(of: late[0]).first?.place,
            case .open(_?) = evidence.phase
        else { throw Unmet(description: "it does not say so") }
        try expectEqual([evidence.name, "\(evidence.ahead)"], [name, "4"])

        // One that runs still counts against the probes.
        let pass = try await halfOpen(fixture, id)
        try expectEqual(pass.opened, 1)
        try expectEqual(try await fixture.claim(slots).count, 0, "two from before the trip run still")
        let old = try await failed(fixture, tasks[2], of: id, name, terms: terms)
        try expectEqual(old.admissions.count, 1, "its failure is no probe's, its place is")
        _ = try await failed(fixture, tasks[3], of: id, name, terms: terms)
        let probes = try await fixture.claim(slots)
        try expectEqual(probes.count, 2)
        _ = try await failed(fixture, probes[0], of: id, name, terms: terms, isFailure: false)
        try expectEqual(try await record(fixture, id).breaker.phase, .halfOpen(passed: 1))
        let closed = try await failed(fixture, probes[1], of: id, name, terms: terms, isFailure: false)
        try expectEqual(try await record(fixture, id).breaker.phase, .closed)
        try expectEqual(closed.admissions.count, 2, "beside the one that had come with the first success")
        try expectEqual(try await fixture.claim(slots).count, 3)
        try expectEqual(try await record(fixture, id).breaker.trips, 1)
    }

    /// Its routes are passed over, by claims of guarded queues too; probes are counted over all who claim; nobody else
    /// is concerned.
    static func breakerOfTaskType(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let taskType = "noop-\(fixture.tenant.value)"
        guard
            case .written(let made, isNew: true) = try await store.changeBreaker(
                named: taskType, tenant: fixture.tenant, .rule(rule))
        else { throw Unmet(description: "not made") }
        let id = made.id
        try expectEqual(try await store.routeBreakers().first { $0.record.id == id }?.routes, [fixture.bucket.route])
        _ = try await starts(fixture, 6, line: nil)
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 8)
        let tasks = try await fixture.claim(Array(slots.prefix(2)))
        try expectEqual(try await failed(fixture, tasks[0], of: id, taskType).breakersChanged, false)
        try expectEqual(try await failed(fixture, tasks[1], of: id, taskType).breakersChanged, true)
        try expectEqual(try await fixture.claim(slots).count, 0)
        try expectEqual(try await fixture.claim(slots, breaker: id).count, 0, "no probes while it is open")
        let (fast, outcome) = try await fixture.startRun(lease: session, rank: 1)
        try expectEqual(outcome.leased.count, 0, "and nothing leased at once")
        guard case .ready(let evidence)? = try await store.evidence(of: fast).first?.place,
            let breaker = evidence.breaker, case .open(_?) = breaker.phase
        else { throw Unmet(description: "it does not say so") }
        try expectEqual(breaker.name, taskType)
        // A queue that nobody has named before is shut as well; another task type is not.
        let late = Bucket(
            tenant: fixture.tenant, queue: try await store.queue(named: "late", tenant: fixture.tenant),
            route: fixture.bucket.route)
        let other = Bucket(
            tenant: fixture.tenant, queue: late.queue, route: try await store.route(taskType: "other", pool: "io"))
        var batch = fixture.makeBatch()
        for bucket in [late, other] {
            let key = try await fixture.makeKey()
            batch.starts.append(fixture.start(key))
            var row = fixture.ready(key)
            row.bucket = bucket
            batch.ready.append(row)
        }
        _ = try await store.commit(batch)
        try expectEqual(try await fixture.claim(slots, buckets: [late, other]).map(\.bucket), [other])
        let stranger = try await StoreFixture.make(on: store)
        _ = try await stranger.startRun()
        try expectEqual(try await stranger.claim([try await stranger.openSession()]).count, 1)

        _ = try await halfOpen(fixture, id)
        try expectEqual(try await fixture.claim(slots).count, 0, "only claims of probes")
        let first = try await fixture.claim([session], breaker: id)
        let second = try await fixture.claim(slots, breaker: id)
        try expectEqual([first.count, second.count], [1, 1])
        try expectEqual(first[0].fence.key, fast, "in the order of the queue")
        try expectEqual(try await fixture.claim(slots, breaker: id).count, 0)
        // A probe that fails opens it again; the other says nothing then.
        try expectEqual(try await failed(fixture, first[0], of: id, taskType).breakersChanged, true)
        try expectEqual(try await failed(fixture, second[0], of: id, taskType, isFailure: false).breakersChanged, false)
        try expectEqual(try await record(fixture, id).breaker.trips, 2)
        _ = try await halfOpen(fixture, id)
        _ = try await store.changeQueue(
            named: "default", tenant: fixture.tenant, .settings(QueueSettings(concurrency: 1)), ifVersion: nil)
        let guarded = try await fixture.claim(slots, breaker: id)
        try expectEqual(guarded.count, 1, "the queue's limit counts too")
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 0)
        _ = try await failed(fixture, guarded[0], of: id, taskType, isFailure: false)
        let last = try await fixture.claim(slots, breaker: id)
        try expectEqual(try await failed(fixture, last[0], of: id, taskType, isFailure: false).breakersChanged, true)
        try expectEqual(try await record(fixture, id).breaker.phase, .closed)
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 1)
    }

    /// A run that lost its race tells nothing; a newer definition's terms count.
    static func breakerCountsWhatIsWritten(_ fixture: StoreFixture) async throws {
        let name = "host"
        let id = LimitID(tenant: fixture.tenant, breaker: .target, name: name)
        let line = Limit.breaker(tenant: fixture.tenant, name: name)
        var terms = BreakerOutcome.Terms(rule: rule, flow: fixture.flow)
        _ = try await starts(fixture, 3, line: line)
        let session = try await fixture.openSession()
        let tasks = try await fixture.claim(Array(repeating: session, count: 3))
        let lost = try await failed(fixture, tasks[0], of: id, name, terms: terms, revision: 9)
        guard case .lostRace? = lost.excluded[tasks[0].fence.key] else { throw Unmet(description: "not lost") }
        try expect(
            try await fixture.store.breakers(tenant: fixture.tenant).allSatisfy { $0.breaker.window.failures == 0 })
        _ = try await failed(fixture, tasks[0], of: id, name, terms: terms)
        terms.flow = FlowVersionID(fixture.flow.value + 1)
        terms.rule.failures = 3
        _ = try await failed(fixture, tasks[1], of: id, name, terms: terms)
        try expectEqual(try await record(fixture, id).breaker.phase, .closed)
        try expectEqual(try await record(fixture, id).rule.failures, 3)
        // Success alone makes no breaker.
        let quiet = LimitID(tenant: fixture.tenant, breaker: .target, name: "quiet")
        _ = try await failed(fixture, tasks[2], of: quiet, "quiet", terms: terms, isFailure: false)
        try expectEqual(try await fixture.store.breakers(tenant: fixture.tenant).map(\.id), [id])
    }

    static func breakerByHand(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let tenant = fixture.tenant
        let taskType = "noop-\(tenant.value)"
        try expectEqual(try await store.changeBreaker(named: taskType, tenant: tenant, .trip(nil)), .missing)
        _ = try await store.changeBreaker(named: taskType, tenant: tenant, .rule(rule))
        let id = LimitID(tenant: tenant, breaker: .taskType, name: taskType)
        _ = try await starts(fixture, 2, line: nil)
        let session = try await fixture.openSession()
        guard
            case .written(let tripped, _) = try await store.changeBreaker(
                named: id.digest.uuidText, tenant: tenant, .trip(nil))
        else { throw Unmet(description: "not found by its id") }
        try expectEqual(tripped.breaker.phase, .open(until: nil))
        try expectEqual(try await fixture.claim([session]).count, 0)
        try expectEqual(try await store.advanceBreakers(limit: 100).opened, 0, "until somebody resets it")
        _ = try await store.changeBreaker(named: taskType, tenant: tenant, .reset)
        try expectEqual(try await fixture.claim([session]).count, 1)
        _ = try await store.changeBreaker(named: taskType, tenant: tenant, .trip(.seconds(3600)))
        try expectEqual(try await store.changeBreaker(named: taskType, tenant: tenant, .removal), .removed)
        try expectEqual(try await fixture.claim([session]).count, 1, "who is forgotten holds nothing")
        try expectEqual(try await store.routeBreakers().filter { $0.record.id.tenant == tenant }, [])

        // Of a target: those that wait go on when it is reset, and it is a definition's to forget.
        let line = Limit.breaker(tenant: tenant, name: "host")
        let target = LimitID(tenant: tenant, breaker: .target, name: "host")
        let terms = BreakerOutcome.Terms(rule: rule, flow: fixture.flow)
        _ = try await starts(fixture, 3, line: line)
        let task = try unwrap(try await fixture.claim([session]).first)
        _ = try await failed(fixture, task, of: target, "host", terms: terms)
        try expectEqual(try await store.changeBreaker(named: "host", tenant: tenant, .removal), .notOfType)
        _ = try await store.changeBreaker(named: "host", tenant: tenant, .trip(.seconds(3600)))
        try expectEqual(try await fixture.claim([session]).count, 0)
        _ = try await store.changeBreaker(named: "host", tenant: tenant, .reset)
        try expectEqual(try await fixture.claim([session, session, session]).count, 2)
    }
}
