internal import Engine
internal import Postgres
internal import Workflows

/// The arrays of tokens that wait for slots, and of slots that are given back.
struct HeldColumns {
    private(set) var rows: [HeldRow] = []
    private(set) var releases: [LimitRelease] = []

    /// Limits of tokens that will need a slot later.
    private var stated: [Limit] = []
    var hasStated: Bool { !stated.isEmpty }

    mutating func append(stated limit: Limit) { stated.append(limit) }
    mutating func append(_ row: HeldRow) { rows.append(row) }
    mutating func append(_ release: LimitRelease) { releases.append(release) }

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
    }

    func bindReleases(into parameters: inout PostgresParameters) {
        parameters.append(releases.map(\.key.tenant.value))
        parameters.append(releases.map(\.key.run.uuid))
        parameters.append(releases.map(\.step))
    }
}
