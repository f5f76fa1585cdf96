public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        try await lane { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(TimerStatement.fire, Int64(limit))
            pipeline.add(TimerStatement.deadlines, Int64(limit))
            pipeline.add(TimerStatement.next)
            let results = try await connection.execute(pipeline)
            var deadlines: [RunKey] = []
            var dues: [StepKey] = []
            for row in results[1] {
                let run = RunKey(try row.decode(0), try row.decode(1))
                let line: Int32 = try row.decode(2)
                if line == TimerLine.runDeadline {
                    deadlines.append(run)
                } else {
                    dues.append(StepKey(run: run, step: TimerLine.step(ofDue: line)))
                }
            }
            return FiredTimers(
                ready: try Self.buckets(results[0]), deadlines: deadlines, dues: dues,
                next: try results[2].decode(row: 0, column: 0, as: PostgresTimestamp?.self).map(Timestamp.init))
        }
    }
}
