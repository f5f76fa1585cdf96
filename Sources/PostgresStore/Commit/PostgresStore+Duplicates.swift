internal import Engine
internal import Postgres
internal import Workflows

/// Starts that were not written, because their run id or their key is taken. Who holds it is looked up in a later
/// statement: in the same one the holder is invisible while its own commit is under way.
extension PostgresStore {
    private static let holders = PostgresStatement(
        """
        SELECT s.n, k.run, k.digest, r.flow, coalesce(r.input, p.content)
        FROM unnest($1::int4[], $2::uuid[], $3::text[]) WITH ORDINALITY AS s(tenant, run, key, n)
        LEFT JOIN LATERAL (
            SELECT k.run, k.digest FROM idempotency_keys k
            WHERE k.tenant = s.tenant AND k.key = s.key AND k.expires_at >= now() OFFSET 0) k ON true
        LEFT JOIN LATERAL (
            SELECT r.flow, r.input FROM runs r WHERE r.tenant = s.tenant AND r.run = s.run OFFSET 0) r ON true
        LEFT JOIN LATERAL (
            SELECT p.content FROM payloads p
            WHERE r.input IS NULL AND p.tenant = s.tenant AND p.run = s.run AND p.kind = 1 AND p.step = -1 OFFSET 0) p
            ON true
        """,
        [.int4Array, .uuidArray, .textArray])

    /// Says of each start whose duplicate it is; answers those that nothing stands against any more.
    func decide(_ starts: [RunStart], into outcome: inout CommitOutcome) async throws(StoreError) -> Set<RunKey> {
        let tenants = starts.map(\.key.tenant.value)
        let runs = starts.map(\.key.run.uuid)
        let keys = starts.map { $0.idempotency?.key }
        let holders = try await lane { (connection) throws(PostgresError) in
            let rows = try await connection.execute(Self.holders, tenants, runs, keys)
            var holders: [Holder] = []
            for row in rows { holders.append(try Holder(row)) }
            return holders
        }
        if outcome.committedAt.microseconds == 0 { outcome.committedAt = try await now() }
        var free: Set<RunKey> = []
        for holder in holders {
            let start = starts[holder.index]
            if let verdict = holder.verdict(on: start) {
                outcome.excluded[start.key] = verdict
            } else {
                free.insert(start.key)
            }
        }
        return free
    }
}

/// Who holds a start's key, and what stands under its run id.
private struct Holder {
    var index: Int
    var key: (run: RunID, digest: [UInt8])?
    var run: (flow: FlowVersionID, input: [UInt8])?

    init(_ row: PostgresRow) throws(PostgresError) {
        index = Int(try row.decode(0, as: Int64.self)) - 1
        if let run = try row.decode(1, as: PostgresUUID?.self) {
            key = (RunID(run), try row.decode(2, as: [UInt8].self))
        }
        if let flow = try row.decode(3, as: Int64?.self) {
            run = (FlowVersionID(flow), try row.decode(4, as: [UInt8]?.self) ?? [])
        }
    }

    /// Nil when nothing is in the way.
    func verdict(on start: RunStart) -> CommitOutcome.Exclusion? {
        if let key, let record = start.idempotency, key.run != start.key.run {
            return .duplicate(of: key.run, sameBody: key.digest == record.digest)
        }
        guard let run else { return nil }
        // The run id itself is taken; under the same key the flow may have got a new version since.
        let sameDigest = key.map { $0.digest == start.idempotency?.digest }
        let same = run.input == start.input && (sameDigest ?? (run.flow == start.flow))
        return .duplicate(of: start.key.run, sameBody: same)
    }
}
