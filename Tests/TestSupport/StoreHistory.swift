import Engine
import Workflows

/// A random history of store calls and what each was answered, in names that are the same on every store: two stores that
/// agree tell the same, line by line.
///
/// It asks for what engines ask for, and for what they should not: stale fences, lost races, names twice. Where a token
/// stands is read by `evidence` after each call.
public struct StoreHistory {
    private struct Run {
        var key: RunKey
        var revision: Int64 = 1
        var isPaused = false
        /// Steps with a token, and the limit of each.
        var live: [Int32: LimitID?] = [:]
        var waiting: Set<Int32> = []
    }

    private let fixture: StoreFixture
    private var random: SeededRandom
    private var runs: [Run] = []
    private var sessions: [SessionID] = []
    /// Leases that were granted, whatever became of them.
    private var leases: [AttemptFence] = []
    private var lines: [String] = []

    private var store: any Store & Catalog { fixture.store }

    public static func lines(on fixture: StoreFixture, seed: UInt64, calls: Int) async throws -> [String] {
        var history = StoreHistory(fixture: fixture, random: SeededRandom(seed: seed))
        for _ in 0..<3 { history.sessions.append(try await fixture.openSession()) }
        for number in 0..<calls {
            let answer = try await history.call()
            let places = try await history.places()
            history.lines += ["\(number): \(answer)", "   \(places)"]
        }
        return history.lines
    }

    private init(fixture: StoreFixture, random: SeededRandom) {
        self.fixture = fixture
        self.random = random
    }

    // MARK: Chance

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }

    private mutating func limit() -> Limit {
        let number = below(2)
        return fixture.limit(.step, "limit-\(number)", slots: Int32(number + 1))
    }

    // MARK: Names

    private func name(_ key: RunKey) -> String { runs.firstIndex { $0.key == key }.map { "run\($0)" } ?? "another" }
    private func name(_ session: SessionID) -> String {
        sessions.firstIndex(of: session).map { "session\($0)" } ?? "another"
    }
    private func name(_ fence: AttemptFence) -> String {
        "\(name(fence.key))/\(fence.step)/\(fence.attempt) of \(name(fence.session))"
    }
    private func names(_ fences: [AttemptFence]) -> String { fences.map(name).sorted().joined(separator: ", ") }

    private func text(_ outcome: CommitOutcome) -> String {
        let excluded = outcome.excluded.map { key, exclusion in
            switch exclusion {
            case .lostRace: "\(name(key)) lost its race"
            case .staleFences(let fences): "\(name(key)) stale \(names(fences))"
            case .duplicate(let run, let sameBody):
                "\(name(key)) is \(name(RunKey(tenant: fixture.tenant, run: run))) \(sameBody)"
            case .conflict, .throttled, .overQuota, .refused: "\(name(key)) \(exclusion)"
            }
        }.sorted().joined(separator: ", ")
        return "without [\(excluded)], leased [\(names(outcome.leased.map(\.fence)))], "
            + "dropped [\(names(outcome.dropped))], let in \(outcome.admissions.count)"
    }

    /// Where every token stands.
    private func places() async throws -> String {
        var texts: [String] = []
        for (number, run) in runs.enumerated() {
            let places = try await store.evidence(of: run.key).map { evidence in
                let place =
                    switch evidence.place {
                    case .ready: "ready"
                    case .leased: "leased"
                    case .scheduled: "scheduled"
                    case .held(let limit): limit == nil ? "let in" : "held"
                    case .stopped: "stopped"
                    case .parked: "parked"
                    case .delayed: "delayed"
                    case .waiting: "waiting"
                    }
                return "\(evidence.step) \(place)"
            }
            if !places.isEmpty { texts.append("run\(number): \(places.joined(separator: ", "))") }
        }
        return texts.joined(separator: "; ")
    }

    // MARK: Calls

    private mutating func call() async throws -> String {
        switch below(16) {
        case 0, 1, 2: try await start()
        case 3, 4, 5: try await claim()
        case 6, 7, 8: try await finish()
        case 9: try await release()
        case 10: try await settle()
        case 11: try await lose()
        case 12: try await fire()
        case 13: try await pause()
        case 14: try await drop()
        default: try await endWait()
        }
    }

    private mutating func start() async throws -> String {
        var batch = fixture.makeBatch()
        for _ in 0...below(2) {
            // Sometimes one that is there already.
            if below(8) == 0, let known = pick(runs), !batch.starts.contains(where: { $0.key == known.key }) {
                batch.starts.append(fixture.start(known.key))
                continue
            }
            var run = Run(key: try await fixture.makeKey())
            batch.starts.append(fixture.start(run.key))
            for step in 0..<Int32(1 + below(4)) {
                var token = fixture.ready(run.key, step: step)
                run.live[step] = .some(nil)
                switch below(8) {
                case 0, 1:
                    let limit = limit()
                    run.live[step] = limit.id
                    batch.held.append(HeldRow(token: token, limit: limit))
                case 2:
                    batch.timers.append(TimerRow(kind: .token(token), delay: below(2) == 0 ? .zero : .seconds(3600)))
                case 3:
                    let limit = limit()
                    run.live[step] = limit.id
                    batch.timers.append(TimerRow(kind: .token(token), delay: .zero, limit: limit))
                case 4:
                    run.waiting.insert(step)
                    batch.waits.append(
                        WaitRow(
                            step: StepKey(run: run.key, step: step), request: WaitRequest(kind: .signal, subject: "go"))
                    )
                case 5 where batch.ready.isEmpty && batch.starts.count == 1:
                    token.lease = pick(sessions)
                    batch.ready.append(token)
                default: batch.ready.append(token)
                }
            }
            runs.append(run)
        }
        let outcome = try await store.commit(batch)
        leases += outcome.leased.map(\.fence)
        return "start: \(text(outcome))"
    }

    private mutating func claim() async throws -> String {
        let slots = (0...below(4)).compactMap { _ in pick(sessions) }
        let tasks = try await fixture.claim(slots)
        leases += tasks.map(\.fence)
        return "claim \(slots.count): \(tasks.map { name($0.fence) }.joined(separator: ", "))"
    }

    private mutating func finish() async throws -> String {
        guard let fence = pick(leases), let index = runs.firstIndex(where: { $0.key == fence.key }) else {
            return "nothing to finish"
        }
        let run = runs[index]
        let isRetry = below(3) == 0
        // Sometimes of another revision than the run's.
        let revision = below(8) == 0 ? run.revision + 1 : run.revision
        var batch = fixture.finishBatch(fence, revision: revision, ends: false)
        if run.isPaused { batch.advances[0].state = .paused }
        let limit = run.live[fence.step] ?? nil
        if let limit { batch.releases = [LimitRelease(key: run.key, step: fence.step, limit: limit)] }
        if isRetry {
            batch.transitions[0].transition.state = .scheduled
            let token = fixture.ready(run.key, step: fence.step, attempt: fence.attempt)
            let stated = limit.map { id in
                [1, 2].map { fixture.limit(.step, "limit-\($0 - 1)", slots: $0) }.first { $0.id == id }
            }
            let timer = TimerRow(kind: .token(token), delay: .zero, limit: stated ?? nil)
            if run.isPaused { batch.parked = [timer] } else { batch.timers = [timer] }
        }
        let outcome = try await store.commit(batch)
        leases += outcome.leased.map(\.fence)
        if outcome.excluded.isEmpty {
            runs[index].revision += 1
            if !isRetry { runs[index].live[fence.step] = nil }
        }
        return "finish \(name(fence))\(isRetry ? " again" : ""): \(text(outcome))"
    }

    private mutating func release() async throws -> String {
        guard let fence = pick(leases) else { return "nothing to release" }
        let fences = below(2) == 0 ? [fence, fence] : [fence]
        let released = try await store.release(fences)
        return "release \(name(fence)) ×\(fences.count): \(names(released))"
    }

    /// A stream comes anew, with some of what its session holds.
    private mutating func settle() async throws -> String {
        guard let session = pick(sessions) else { return "no session" }
        let held = leases.filter { $0.session == session }.filter { _ in below(2) == 0 }.map {
            HeldAttempt(key: $0.key, step: $0.step, attempt: $0.attempt)
        }
        let settlement = try await store.openSession(fixture.record(session), held: Array(Set(held)))
        return "settle \(name(session)): kept [\(names(settlement.kept.map(\.fence)))], "
            + "returned from \(settlement.returned.map(\.lowestRank).min() ?? 0), unknown \(settlement.unknown.count)"
    }

    /// A session's lease ends, and its attempts are rescued; or it leaves in good order.
    private mutating func lose() async throws -> String {
        guard let session = pick(sessions) else { return "no session" }
        guard below(2) == 0 else {
            try await store.closeSession(session)
            _ = try await store.openSession(fixture.record(session), held: [])
            return "close \(name(session))"
        }
        _ = try await store.renewSessions([session], lease: .zero)
        let rescued = try await store.rescue(limit: 1000).map(\.fence)
        _ = try await store.openSession(fixture.record(session), held: [])
        return "lose \(name(session)): \(names(rescued))"
    }

    private mutating func fire() async throws -> String {
        let fired = try await store.fireTimers(limit: 1000)
        let admissions = try await store.admit(Array(Set(fired.limits)))
        let sweep = try await store.sweepLimits(limit: 1000)
        return "fire: \(Set(fired.limits).count) limits, let in \(admissions.count), missed \(sweep.missed)"
    }

    private mutating func pause() async throws -> String {
        guard !runs.isEmpty else { return "no run" }
        let index = below(runs.count)
        let run = runs[index]
        guard !run.live.isEmpty else { return "run\(index) has ended" }
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(run.key, from: run.revision, to: run.isPaused ? .running : .paused)]
        batch.pauses = [RunPause(key: run.key, isPaused: !run.isPaused)]
        let outcome = try await store.commit(batch)
        if outcome.excluded.isEmpty {
            runs[index].revision += 1
            runs[index].isPaused.toggle()
        }
        // As the engine does after a resume.
        let admissions = try await store.admit(outcome.limits)
        return "\(run.isPaused ? "resume" : "pause") run\(index): \(text(outcome)), then \(admissions.count)"
    }

    /// Some steps go, or the whole run.
    private mutating func drop() async throws -> String {
        guard !runs.isEmpty else { return "no run" }
        let index = below(runs.count)
        let run = runs[index]
        guard !run.live.isEmpty else { return "run\(index) has ended" }
        let isWhole = below(2) == 0
        let gone = run.live.keys.sorted().filter { _ in isWhole || below(2) == 0 }
        guard !gone.isEmpty else { return "no step of run\(index)" }
        var batch = fixture.makeBatch()
        batch.advances = [
            fixture.advance(run.key, from: run.revision, to: isWhole ? .cancelled : run.isPaused ? .paused : .running)
        ]
        batch.drops = [TokenDrop(key: run.key, expected: gone.count, steps: isWhole ? [] : gone)]
        batch.releases = gone.compactMap { step in
            (run.live[step] ?? nil).map { LimitRelease(key: run.key, step: step, limit: $0) }
        }
        let outcome = try await store.commit(batch)
        if outcome.excluded.isEmpty {
            runs[index].revision += 1
            for step in gone { runs[index].live[step] = nil }
        }
        return "drop \(gone) of run\(index)\(isWhole ? ", which ends" : ""): \(text(outcome))"
    }

    private mutating func endWait() async throws -> String {
        guard let index = runs.firstIndex(where: { run in run.waiting.contains { run.live[$0] != nil } }) else {
            return "nobody waits"
        }
        let run = runs[index]
        guard let step = run.waiting.sorted().first(where: { run.live[$0] != nil }) else { return "nobody waits" }
        var batch = fixture.makeBatch()
        batch.advances = [
            fixture.advance(run.key, from: run.revision, to: run.isPaused ? .paused : .running)
        ]
        batch.endedWaits = [StepKey(run: run.key, step: step)]
        batch.transitions = [fixture.transition(run.key, revision: run.revision + 1, step: step, attempt: 0)]
        let outcome = try await store.commit(batch)
        if outcome.excluded.isEmpty {
            runs[index].revision += 1
            runs[index].live[step] = nil
        }
        return "end the wait of run\(index)/\(step): \(text(outcome))"
    }
}
