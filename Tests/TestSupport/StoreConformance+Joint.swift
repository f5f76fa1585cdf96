internal import Engine
internal import Workflows

/// Steps that need slots of two limits at once: that of their key, and that of their target.
extension StoreConformance {
    /// Steps of one key, and targets of their own.
    private struct Joint {
        let fixture: StoreFixture
        let limit: Limit
        let session: SessionID

        init(_ fixture: StoreFixture, slots: Int32) async throws {
            self.fixture = fixture
            limit = fixture.limit(.step, "disk", slots: slots)
            session = try await fixture.openSession()
        }

        static let rule = BreakerRule(failures: 1, window: .seconds(3600), pause: .seconds(3600), probes: 1)

        func target(_ name: String) -> Limit { .breaker(tenant: fixture.tenant, name: name) }

        /// Starts runs of one step each; answers them with all that was let in.
        func start(_ targets: [String?], ranks: [Rank]? = nil) async throws -> (keys: [RunKey], admitted: Int) {
            var batch = fixture.makeBatch()
            var keys: [RunKey] = []
            for (index, name) in targets.enumerated() {
                let key = try await fixture.makeKey()
                batch.starts.append(fixture.start(key))
                batch.held.append(
                    HeldRow(token: fixture.ready(key, rank: ranks?[index]), limit: limit, joint: name.map(target)))
                keys.append(key)
            }
            return (keys, try await commit(batch))
        }

        /// As the engine does: what the commit could not judge is asked for after it.
        func commit(_ batch: CommitBatch) async throws -> Int {
            let outcome = try await fixture.store.commit(batch)
            try expect(outcome.excluded.isEmpty, "\(outcome.excluded)")
            let later = outcome.limits.isEmpty ? 0 : try await fixture.store.admit(outcome.limits).count
            return outcome.admissions.count + later
        }

        func releases(_ key: RunKey, _ name: String?) -> [LimitRelease] {
            [limit.id, name.map { target($0).id }].compactMap { $0 }.map {
                LimitRelease(key: key, step: 0, limit: $0)
            }
        }

        /// Ends a step and its run; answers how many were let in.
        func finish(_ task: LeasedTask, of name: String?, isFailure: Bool = false) async throws -> Int {
            var batch = fixture.finishBatch(task.fence)
            batch.releases = releases(task.fence.key, name)
            if let name {
                batch.outcomes = [
                    BreakerOutcome(
                        key: task.fence.key, breaker: target(name).id, name: name,
                        terms: .init(rule: Self.rule, flow: fixture.flow),
                        outcome: .init(isFailure: isFailure, leasedAt: task.leasedAt))
                ]
            }
            return try await commit(batch)
        }

        func claim() async throws -> [LeasedTask] { try await fixture.claim(Array(repeating: session, count: 9)) }

        func place(_ key: RunKey) async throws -> String {
            switch try await fixture.store.evidence(of: key).first?.place {
            case .held(let limit?)?: "limit \(limit.name), \(limit.holders.count) holders"
            case .stopped(let breaker)?: "target \(breaker.name)"
            case .ready?: "ready"
            case .parked?: "parked"
            case let other: "\(String(describing: other))"
            }
        }
    }

    /// Who cannot have both has neither: the slot that he leaves is another's, and whichever is missing he waits for.
    static func jointSlots(_ fixture: StoreFixture) async throws {
        let joint = try await Joint(fixture, slots: 1)
        let (keys, first) = try await joint.start(["a", "b", "a"], ranks: [1, 2, 3])
        try expectEqual(first, 1)
        var task = try unwrap(try await joint.claim().first)
        try expectEqual(task.fence.key, keys[0])
        try expectEqual(try await joint.place(keys[2]), "limit disk, 1 holders")
        // Its target is shut from now on; the next one has another.
        try expectEqual(try await joint.finish(task, of: "a", isFailure: true), 1)
        task = try unwrap(try await joint.claim().first)
        try expectEqual(task.fence.key, keys[1])
        try expectEqual(try await joint.finish(task, of: "b"), 0)
        try expectEqual(try await joint.place(keys[2]), "target a")
        try expectEqual(try await fixture.store.sweepLimits(limit: 100).missed, 0)
        let (others, second) = try await joint.start([nil, "a"], ranks: [4, 5])
        try expectEqual(second, 1, "nobody holds the slot who cannot use it")
        try expectEqual(try await joint.place(others[1]), "limit disk, 1 holders")

        _ = try await fixture.store.changeBreaker(named: "a", tenant: fixture.tenant, .reset)
        try expectEqual(try await joint.place(keys[2]), "limit disk, 1 holders", "now it is the key that is full")
        task = try unwrap(try await joint.claim().first)
        try expectEqual(task.fence.key, others[0])
        try expectEqual(try await joint.finish(task, of: nil), 1)
        task = try unwrap(try await joint.claim().first)
        try expectEqual(task.fence.key, keys[2], "before the one that came later")
        try expectEqual(try await joint.finish(task, of: "a"), 1, "in the same commit or right after it")
        try expectEqual(try await joint.claim().map(\.fence.key), [others[1]])
        try expectEqual(try await fixture.store.sweepLimits(limit: 100).missed, 0)
    }

    /// A target that shuts takes back what is ready: the slots of the key are for others. Half-open, the smaller of the
    /// two numbers counts.
    static func jointRecall(_ fixture: StoreFixture) async throws {
        let joint = try await Joint(fixture, slots: 3)
        let (keys, first) = try await joint.start(["a", "a", "a", "b", nil], ranks: [1, 2, 3, 4, 5])
        try expectEqual(first, 3)
        let task = try unwrap(try await fixture.claim([joint.session]).first)
        try expectEqual(task.fence.key, keys[0])
        try expectEqual(try await joint.finish(task, of: "a", isFailure: true), 2)
        for key in keys[1...2] { try expectEqual(try await joint.place(key), "target a") }
        let others = try await joint.claim()
        try expectEqual(others.map(\.fence.key), [keys[3], keys[4]])

        // Open for ten milliseconds from now; then one may try, though the key has a slot for it and one more after it.
        _ = try await fixture.store.changeBreaker(named: "a", tenant: fixture.tenant, .trip(.milliseconds(10)))
        let id = joint.target("a").id
        for _ in 0..<10_000 {
            _ = try await fixture.store.advanceBreakers(limit: 100)
            let record = try await fixture.store.breakers(tenant: fixture.tenant).first { $0.id == id }
            if case .halfOpen? = record?.breaker.phase { break }
            try await Task.sleep(for: .milliseconds(1))
        }
        let probe = try await joint.claim()
        try expectEqual(probe.map(\.fence.key), [keys[1]])
        try expectEqual(try await joint.finish(others[0], of: "b"), 0)
        try expectEqual(try await joint.place(keys[2]), "target a")
        try expectEqual(try await joint.finish(probe[0], of: "a"), 1, "its success has closed it")
        try expectEqual(try await joint.claim().map(\.fence.key), [keys[2]])
        try expectEqual(try await fixture.store.sweepLimits(limit: 100).missed, 0)
    }

    /// Retries, pauses and cancels keep both in mind.
    static func jointMoves(_ fixture: StoreFixture) async throws {
        let joint = try await Joint(fixture, slots: 1)
        let (keys, _) = try await joint.start(["a", "a"], ranks: [1, 2])
        let task = try unwrap(try await joint.claim().first)
        // It tries again; the other one goes meanwhile.
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(keys[0], from: 1)]
        batch.finishes = [task.fence]
        batch.releases = joint.releases(keys[0], "a")
        batch.transitions = [fixture.transition(keys[0], revision: 2, state: .scheduled)]
        batch.timers = [
            TimerRow(
                kind: .token(fixture.ready(keys[0], attempt: 1, rank: 1)), delay: .zero, limit: joint.limit,
                joint: joint.target("a"))
        ]
        try expectEqual(try await joint.commit(batch), 1)
        let fired = try await fixture.store.fireTimers(limit: 100)
        try expect(fired.limits.contains(joint.limit.id))
        _ = try await fixture.store.admit(fired.limits)
        try expectEqual(try await joint.place(keys[0]), "limit disk, 1 holders")

        func pause(_ key: RunKey, from revision: Int64, _ isPaused: Bool) async throws -> Int {
            var batch = fixture.makeBatch()
            batch.advances = [fixture.advance(key, from: revision, to: isPaused ? .paused : .running)]
            batch.pauses = [RunPause(key: key, isPaused: isPaused)]
            return try await joint.commit(batch)
        }
        _ = try await pause(keys[0], from: 2, true)
        try expectEqual(try await joint.place(keys[0]), "parked")
        let other = try unwrap(try await joint.claim().first)
        try expectEqual(other.fence.key, keys[1])
        try expectEqual(try await joint.finish(other, of: "a", isFailure: true), 0)
        try expectEqual(try await pause(keys[0], from: 3, false), 0)
        try expectEqual(try await joint.place(keys[0]), "target a", "it knows of both still")

        // Parked from the start, and then cancelled with both slots in hand.
        let key = try await fixture.makeKey()
        batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.starts[0].state = .paused
        batch.parked = [
            TimerRow(
                kind: .token(fixture.ready(key, rank: 3)), delay: .zero, limit: joint.limit, joint: joint.target("b"))
        ]
        _ = try await joint.commit(batch)
        try expectEqual(try await pause(key, from: 1, false), 1)
        let (waiting, none) = try await joint.start(["b"], ranks: [4])
        try expectEqual(none, 0)
        batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 2, to: .cancelled)]
        batch.drops = [TokenDrop(key: key, expected: 1)]
        batch.releases = joint.releases(key, "b")
        try expectEqual(try await joint.commit(batch), 1)
        try expectEqual(try await joint.claim().map(\.fence.key), waiting)
        try expectEqual(try await fixture.store.sweepLimits(limit: 100).missed, 0)
    }
}
