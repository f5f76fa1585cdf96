internal import Engine
internal import Postgres
internal import Workflows

/// Speaks for starts under rates. One statement locks each rate's row and reads its newest version, so that no two
/// transactions are told the same time; a batch that is not written gives back what it has spoken for.
enum RateStatement {
    /// Answers how far each rate is spoken for afterwards, from now in µs, in the order given.
    static let reserve = PostgresStatement(
        """
        WITH reserved AS (
            INSERT INTO rates AS r (tenant, id, name, spoken_until)
            SELECT n.tenant, n.id, n.name, now() + n.span * interval '1 microsecond'
            FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::int8[]) AS n(tenant, id, name, span)
            ON CONFLICT (tenant, id) DO UPDATE
            SET spoken_until = greatest(r.spoken_until, now()) + (excluded.spoken_until - now())
            RETURNING tenant, id, spoken_until)
        SELECT tenant, id, (extract(epoch FROM spoken_until - now()) * 1000000)::int8 FROM reserved
        """,
        [.int4Array, .uuidArray, .textArray, .int8Array])

    /// Rates that have been idle for an hour are as good as new.
    static let forget = PostgresStatement(
        """
        DELETE FROM rates WHERE (tenant, id) IN (
            SELECT tenant, id FROM rates WHERE spoken_until < now() - interval '1 hour' LIMIT $1
            FOR UPDATE SKIP LOCKED)
        """,
        [.int8])

    /// The delays of tokens that wait for rates, in the order of the tokens.
    static func delays(_ rates: [Rate], in transaction: PostgresTransaction) async throws -> [Int64] {
        let groups = Dictionary(grouping: rates.indices) { rates[$0].id }
        let order = groups.keys.sorted(by: LimitID.precedes)
        let heads = order.compactMap { groups[$0]?.first.map { rates[$0] } }
        let spans = order.map { id in (groups[id] ?? []).reduce(Int64(0)) { $0 + rates[$1].bucket.interval } }
        let rows = try await transaction.execute(
            reserve, order.map(\.tenant.value), order.map(\.digest.uuid), heads.map { String($0.name.prefix(500)) },
            spans)
        var ends: [LimitID: Int64] = [:]
        for row in rows {
            let id = LimitID(
                tenant: TenantID(try row.decode(0)), digest: RunID.Bytes(try row.decode(1, as: PostgresUUID.self)))
            ends[id] = try row.decode(2)
        }
        var delays = Array(repeating: Int64(0), count: rates.count)
        for (id, span) in zip(order, spans) {
            let members = groups[id] ?? []
            guard let first = members.first else { continue }
            let found = rates[first].bucket.delays(backlog: (ends[id] ?? span) - span, count: members.count)
            for (member, delay) in zip(members, found) { delays[member] = delay }
        }
        return delays
    }
}
