public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    public func queueLoads(tenant: TenantID) async throws(StoreError) -> [QueueID: QueueLoad] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            // The rows of whole runs that a limit holds back are of no step.
            let rows = try await scope.query(
                """
                SELECT queue, sum(ready)::int8, sum(running)::int8, sum(held)::int8 FROM (
                    SELECT queue, count(*) AS ready, 0 AS running, 0 AS held FROM ready
                    WHERE tenant = \(tenant.value) GROUP BY queue
                    UNION ALL
                    SELECT queue, 0, count(*), 0 FROM attempts WHERE tenant = \(tenant.value) GROUP BY queue
                    UNION ALL
                    SELECT queue, 0, 0, count(*) FROM held
                    WHERE tenant = \(tenant.value) AND step >= 0 GROUP BY queue) loads
                GROUP BY queue
                """)
            var loads: [QueueID: QueueLoad] = [:]
            for row in rows {
                loads[QueueID(try row.decode(0))] = QueueLoad(
                    ready: Int(try row.decode(1, as: Int64.self)), running: Int(try row.decode(2, as: Int64.self)),
                    held: Int(try row.decode(3, as: Int64.self)))
            }
            return loads
        }
    }
}
