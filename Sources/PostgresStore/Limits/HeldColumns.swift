internal import Engine
internal import Postgres
internal import Workflows

/// The arrays of tokens that wait for slots, and of slots that are given back.
struct HeldColumns {
    private(set) var rows: [HeldRow] = []
    /// Tokens that need slots of two limits, and those that would pass them: `JointStatement.join` writes them.
    private(set) var joint: [HeldRow] = []
    private(set) var releases: [LimitRelease] = []

    /// Limits of tokens that will need a slot later.
    private var stated: [Limit] = []
    var hasStated: Bool { !stated.isEmpty }

    mutating func append(stated limit: Limit) { stated.append(limit) }
    mutating func append(_ row: HeldRow) { rows.append(row) }
    mutating func append(joint row: HeldRow) {
        joint.append(row)
        stated.append(row.limit)
        if let other = row.joint { stated.append(other) }
    }
    mutating func append(_ release: LimitRelease) { releases.append(release) }

    /// Limits of which slots may be handed on: those that are given back, and those that runs, or steps with two, wait
    /// for.
    var open: LimitColumns { LimitColumns(stated: waited, known: releases.map(\.limit)) }

    private var waited: [Limit] {
        rows.filter { $0.token.step == HeldRow.run }.map(\.limit) + joint.map(\.limit) + joint.compactMap(\.joint)
    }

    /// The same, with those that were raised.
    func open(with stalled: [Int]) -> LimitColumns {
        LimitColumns(
            stated: waited, known: releases.map(\.limit) + stalled.map { rows[$0 - 1].limit.id })
    }

    /// The limits of numbered tokens.
    func limits(of numbers: [Int]) -> LimitColumns {
        LimitColumns(stated: numbers.map { rows[$0 - 1].limit }, known: [])
    }

    /// Some run shall not wait: that is judged before anything is written.
    var hasImpatient: Bool { rows.contains { $0.onConflict != .queue } }

    /// The tokens that got a slot at once.
    func admissions(of seated: [Int]) -> Admissions {
        guard !seated.isEmpty else { return Admissions() }
        var lowest: [Bucket: Rank] = [:]
        for number in seated {
            let token = rows[number - 1].token
            lowest[token.bucket] = min(lowest[token.bucket] ?? .max, token.rank)
        }
        return Admissions(
            ready: lowest.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) }, count: seated.count)
    }

    /// Every limit that is touched.
    var limits: LimitColumns { LimitColumns(stated: rows.map(\.limit) + stated, known: releases.map(\.limit)) }

    func bindHeld(into parameters: inout PostgresParameters) {
        parameters.append(rows.map(\.token.key.tenant.value))
        parameters.append(rows.map(\.token.key.run.uuid))
        parameters.append(rows.map(\.token.bucket.queue.value))
        parameters.append(rows.map(\.token.bucket.route.value))
        parameters.append(rows.map(\.token.rank))
        parameters.append(rows.map(\.token.step))
        parameters.append(rows.map(\.token.attempt))
        parameters.append(rows.map(\.token.losses))
        parameters.append(rows.map(\.limit.id.digest.uuid))
        parameters.append(rows.map { $0.limit.level == .breaker })
        parameters.append(Array(1...Int32(max(1, rows.count))))
    }

    func bindReleases(into parameters: inout PostgresParameters) {
        parameters.append(releases.map(\.key.tenant.value))
        parameters.append(releases.map(\.key.run.uuid))
        parameters.append(releases.map(\.step))
    }
}
