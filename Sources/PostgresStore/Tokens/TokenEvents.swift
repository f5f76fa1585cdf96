/// Parts that the statements which move tokens share.
enum TokenEvents {
    /// Writes the event rows of moved tokens: fragments without revision and lifecycle, because the run is untouched.
    static func told(of relation: String, state: String, wakes: Bool) -> String {
        let woken = wakes ? CommitStatement.wakes(of: relation, tenant: "g.tenant") : "'{}'::int8[]"
        return """
            told AS (
                INSERT INTO events (tenant, wakes, payload)
                SELECT g.tenant, \(woken), g.payload
                FROM (
                    SELECT m.tenant, '[' || string_agg(
                        '{"r":"' || m.run || '","t":[[' || m.step || ',"\(state)",' || m.attempt || ']]}', ',') || ']' AS payload
                    FROM \(relation) m GROUP BY m.tenant) g)
            """
    }

    /// Moves the rows of `locked` from `attempts` back to `ready`, with the rank that they had.
    static func returned(losses: String) -> String {
        """
        freed AS (DELETE FROM attempts x WHERE x.ctid = ANY (ARRAY(SELECT l.found FROM locked l))),
        returned AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses, enqueued_at)
            SELECT l.tenant, l.run, l.queue, l.route, l.rank, l.step, l.attempt, \(losses), l.enqueued_at FROM locked l
            RETURNING *)
        """
    }
}
