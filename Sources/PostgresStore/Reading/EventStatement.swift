internal import Postgres

enum EventStatement {
    /// Event rows after a position and below the snapshot's horizon: below it, no commit can still appear. A payload is
    /// fetched where somebody wants it, or where the commit may have stopped a run: by far most never are.
    static let after = PostgresStatement(
        """
        SELECT e.xid, e.tenant, e.at, e.wakes,
            CASE WHEN $4 OR (e.stops AND e.batch IS NOT NULL) THEN e.payload END, e.queues FROM events e
        WHERE (e.xid, e.tenant) > ($1, $2) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.tenant LIMIT $3
        """,
        [.xid8, .int4, .int8, .bool])

    /// The epoch, the oldest transaction whose events are kept, and the horizon.
    static let bounds = PostgresStatement(
        "SELECT c.epoch, c.events_from, pg_snapshot_xmin(pg_current_snapshot()) FROM cluster c")

    /// Deletes a bounded number of old rows and remembers up to where.
    static let prune = PostgresStatement(
        """
        WITH old AS MATERIALIZED (
            SELECT e.xid, e.tenant FROM events e ORDER BY e.xid, e.tenant LIMIT $2),
        gone AS (
            DELETE FROM events e USING old o
            WHERE e.xid = o.xid AND e.tenant = o.tenant AND e.at < now() - $1 * interval '1 microsecond'
            RETURNING e.xid)
        UPDATE cluster c SET events_from = greatest(c.events_from, g.newest)
        FROM (SELECT max(xid) AS newest FROM gone) g WHERE g.newest IS NOT NULL
        RETURNING (SELECT count(*) FROM gone)
        """,
        [.int8, .int8])
}
